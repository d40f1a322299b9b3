"""The steps of a track that bench.orchestration measures, and how a measurement is told."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

STEPS = ("claim-track", "fetch-recording", "import-into-eagle", "place-files", "finish")


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
