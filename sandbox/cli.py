"""`library-sync sandbox`: serve the stand-ins until stopped; the same as `python -m sandbox`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from pathlib import Path

__all__ = ["add_arguments", "main", "run"]

_CANNOT_WORK = 78


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `library-sync sandbox`."""
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="port on 127.0.0.1 (default: a free one)"
    )
    parser.add_argument(
        "--tracks",
        type=_count,
        metavar="N",
        help="serve N ordinary rows instead of the demo's 12 with its troubles",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="keep everything in DIR and go on from there next time (default: a temporary folder)",
    )
    parser.add_argument(
        "--empty",
        action="store_true",
        help="serve only Notion's page `Tests` and an empty Eagle library",
    )
    parser.add_argument(
        "--eagle-library",
        default="Sandbox",
        metavar="NAME",
        help="name of Eagle's library (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code (0, or 78 if it cannot start).

    Prints one JSON line, the environment to use the stand-ins by, as soon as they answer.
    """
    state = args.state or Path(tempfile.mkdtemp(prefix="library-sync-sandbox-"))
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(state.resolve(), args))
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot start: {error}. Choose another --port or --state.\n")
        return _CANNOT_WORK
    return 0


def main() -> int:
    """`python -m sandbox`."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description="Stand-ins for Notion, Eagle and SoundCloud on 127.0.0.1."
    )
    add_arguments(parser)
    return run(parser.parse_args())


async def _serve(state: Path, args: argparse.Namespace) -> None:
    from sandbox.server import Sandbox  # noqa: PLC0415 - it imports the world; `--help` does not

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run itself
            loop.add_signal_handler(name, stop.set)
    async with Sandbox(
        state,
        port=args.port,
        tracks=args.tracks,
        empty=args.empty,
        eagle_library=args.eagle_library,
    ) as sandbox:
        sys.stdout.write(json.dumps(sandbox.environment, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("a number of tracks is 0 or more")
    return number
