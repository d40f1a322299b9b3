"""One measurement of bench.orchestration, in a process of its own: the steps of many tracks.

    python -m bench.orchestration.one_run SHAPE --tracks 40 --workers 4 --step 0.05

SHAPE is `bare` (an asyncio loop), `subflow` (a subflow a track), or `product` (a subflow a track
and a task a stage, as the sync does it). Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from bench.orchestration.steps import STEPS, in_turns, report
from flows.prefect_server.environment import prepare_prefect
from flows.prefect_server.own_server import serve_prefect

STARTED = time.monotonic()


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
    from bench.orchestration import shapes  # noqa: PLC0415  (its import is part of the start-up)

    asyncio.run(shapes.measure(options, started=STARTED))


async def _measure_bare(options: argparse.Namespace) -> None:
    async def track() -> float:
        began = time.monotonic()
        for _ in STEPS:
            await asyncio.sleep(options.step)
        return time.monotonic() - began

    began = time.monotonic()
    seconds = await in_turns(track, options)
    report(0.0, time.monotonic() - began, seconds)


if __name__ == "__main__":
    main()
