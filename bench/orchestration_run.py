"""One measurement of bench.orchestration, in a process of its own: the steps of many tracks.

    python -m bench.orchestration_run SHAPE --tracks 40 --workers 4 --step 0.05

SHAPE is `bare` (an asyncio loop), `subflow` (a subflow a track), or `product` (a subflow a track
and a task a stage, as the sync does it). Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from flows.orchestration import prepare_prefect, serve_prefect

STARTED = time.monotonic()
STEPS = ("claim-track", "fetch-recording", "import-into-eagle", "place-files", "finish")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", choices=("bare", "subflow", "product"))
    parser.add_argument("--tracks", type=int, default=40)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--step", type=float, default=0.05)
    options = parser.parse_args()
    if options.shape == "bare":
        asyncio.run(_measure_bare(options))
        return
    prepare_prefect()
    serve_prefect()
    from bench import orchestration_flows  # noqa: PLC0415  (its import is part of the start-up)

    asyncio.run(orchestration_flows.measure(options, started=STARTED))


async def _measure_bare(options: argparse.Namespace) -> None:
    async def track() -> float:
        began = time.monotonic()
        for _ in STEPS:
            await asyncio.sleep(options.step)
        return time.monotonic() - began

    began = time.monotonic()
    seconds = await in_turns(track, options)
    report(0.0, time.monotonic() - began, seconds)


async def in_turns(
    track: Callable[[], Awaitable[float]], options: argparse.Namespace
) -> list[float]:
    """What `track()` returned, `workers` at a time, `tracks` times."""
    left = iter(range(options.tracks))
    seconds: list[float] = []

    async def worker() -> None:
        seconds.extend([await track() for _ in left])

    async with asyncio.TaskGroup() as group:
        for _ in range(options.workers):
            group.create_task(worker())
    return seconds


def report(start_up: float, wall: float, seconds: list[float]) -> None:
    """One line for the parent process."""
    ordered = sorted(seconds)
    line = {
        "start_up": start_up,
        "wall": wall,
        "median": statistics.median(ordered),
        "worst": ordered[-1],
        "cpu": time.process_time(),
    }
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
