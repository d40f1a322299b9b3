"""`library-sync sandbox`: serve the stand-ins until stopped; the same as `python -m sandbox`."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

_CANNOT_WORK = 78


def _no_less_than_zero(_type: object, number: int | None) -> None:
    if number is not None and number < 0:
        raise ValueError("A number of tracks is 0 or more.")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """What is served, and where."""

    port: Annotated[int, Parameter(help="Port on 127.0.0.1 (0: a free one).")] = 0
    tracks: Annotated[
        int | None,
        Parameter(
            validator=_no_less_than_zero,
            help="Serve N ordinary rows instead of the demo's 12 with its troubles.",
        ),
    ] = None
    state: Annotated[
        Path | None,
        Parameter(
            help="Keep everything in this folder and go on from there next time (default: a"
            " temporary folder)."
        ),
    ] = None
    empty: Annotated[
        bool, Parameter(help="Serve only Notion's page Tests and an empty Eagle library.")
    ] = False
    eagle_library: Annotated[str, Parameter(help="Name of Eagle's library.")] = "Sandbox"


def run(options: Options) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code (0, or 78 if it cannot start).

    Prints one JSON line, the environment to use the stand-ins by, as soon as they answer.
    """
    import asyncio  # noqa: PLC0415  (not for --help)

    state = options.state or Path(tempfile.mkdtemp(prefix="library-sync-sandbox-"))
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(state.resolve(), options))
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot start: {error}. Choose another --port or --state.\n")
        return _CANNOT_WORK
    return 0


def main() -> int:
    """`python -m sandbox`."""

    def sandbox(*, options: Options = Options()) -> int:
        """Serve stand-ins for Notion, Eagle and SoundCloud on 127.0.0.1."""
        return run(options)

    code: int = App(
        name="sandbox",
        default_command=sandbox,
        default_parameter=Parameter(negative=()),
        version_flags=[],
        result_action="return_value",
    )()
    return code


async def _serve(state: Path, options: Options) -> None:
    import asyncio  # noqa: PLC0415

    from sandbox.server import Sandbox  # noqa: PLC0415 - it imports the world; `--help` does not

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run itself
            loop.add_signal_handler(name, stop.set)
    async with Sandbox(
        state,
        port=options.port,
        tracks=options.tracks,
        empty=options.empty,
        eagle_library=options.eagle_library,
    ) as sandbox:
        sys.stdout.write(json.dumps(sandbox.environment, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        await stop.wait()
