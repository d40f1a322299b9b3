"""What Prefect adds to a track, beside a bare asyncio loop over the same steps.

    python -m bench.orchestration [--tracks 40] [--workers 4] [--step 0.05]

Each line is a fresh process. "added" is wall time of all tracks beyond the bare loop's, divided by
their number; "start-up" is from the process's start to the end of a first, warming track.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.servers import POSTGRES_MISSING, prefect_server, running_postgres

_SHAPES = ("subflow", "product")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.orchestration")
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--step", type=float, default=0.05)
    parser.add_argument("--only", choices=("embedded", "sqlite", "postgres"))
    options = parser.parse_args()
    bare = _run("bare", options, {})
    print(f"{options.tracks} tracks, {options.workers} at a time, 5 steps of {options.step} s")
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'server':<18}{'shape':<10}{'start-up s':>11}{'added ms':>10}{'median s':>10}", end="")
    print(f"{'worst s':>9}{'client CPU s':>14}")
    _print("none", "bare", bare, bare, options.tracks)
    for kind in ("embedded", "sqlite", "postgres"):
        if options.only in (None, kind):
            _measure(kind, bare, options)


def _measure(kind: str, bare: dict[str, float], options: argparse.Namespace) -> None:
    if kind == "postgres" and POSTGRES_MISSING:
        print(f"{kind:<18}{POSTGRES_MISSING}")
        return
    with tempfile.TemporaryDirectory(prefix="library-sync-bench-") as name:
        folder = Path(name)
        with _environment(kind, folder) as environment:
            for shape in _SHAPES:
                _print(kind, shape, _run(shape, options, environment), bare, options.tracks)


@contextmanager
def _environment(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    environment = {"PREFECT_HOME": str(folder / "client"), "PREFECT_API_URL": ""}
    if kind == "embedded":
        yield environment
    elif kind == "sqlite":
        with prefect_server(folder / "server") as address:
            yield environment | {"PREFECT_API_URL": address}
    else:
        with (
            running_postgres(folder / "postgres") as database,
            prefect_server(folder / "server", database=database) as address,
        ):
            yield environment | {"PREFECT_API_URL": address}


def _run(shape: str, options: argparse.Namespace, environment: dict[str, str]) -> Any:
    command = [sys.executable, "-m", "bench.orchestration.one_run", shape]
    for name in ("tracks", "workers", "step"):
        command += [f"--{name}", str(getattr(options, name))]
    kept = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_") or n in _TUNED}
    done = subprocess.run(
        command, env=kept | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


_TUNED = {name for name in os.environ if name.startswith(("PREFECT_SERVER_", "PREFECT_LOGGING_"))}


def _print(
    kind: str, shape: str, seen: dict[str, float], bare: dict[str, float], tracks: int
) -> None:
    added = 1000 * (seen["wall"] - bare["wall"]) / tracks
    print(f"{kind:<18}{shape:<10}{seen['start_up']:>11.1f}{added:>10.0f}", end="")
    print(f"{seen['median']:>10.2f}{seen['worst']:>9.2f}{seen['cpu']:>14.1f}", flush=True)


if __name__ == "__main__":
    main()
