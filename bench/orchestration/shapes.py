"""The flows that bench.orchestration measures: the sync's shape with sleeps for its work."""

from __future__ import annotations

import argparse
import asyncio
import time

from prefect import flow

from bench.orchestration.steps import STEPS, in_turns, report
from tasks.stages import stage

_marks: list[float] = []


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


STAGES = [stage(name)(_sleep) for name in STEPS]


@flow(name="bench-track")
async def product(seconds: float) -> None:
    """A subflow whose stages are tasks."""
    for run in STAGES:
        await run(seconds)


@flow(name="bench-track")
async def subflow(seconds: float) -> None:
    """A subflow whose stages are plain calls."""
    for _ in STEPS:
        await _sleep(seconds)


@flow(name="bench-orchestration")
async def many(shape: str, tracks: int, workers: int, step: float) -> list[float]:
    """Many tracks, a few at a time, after one that warms everything up."""
    one = {"product": product, "subflow": subflow}[shape]
    options = argparse.Namespace(tracks=tracks, workers=workers)

    async def track() -> float:
        began = time.monotonic()
        await one(step, return_state=True)
        return time.monotonic() - began

    await track()
    _marks.append(time.monotonic())
    seconds = await in_turns(track, options)
    _marks.append(time.monotonic())
    return seconds


async def measure(options: argparse.Namespace, *, started: float) -> None:
    """Run `many` once and report; start-up is until the first line of the flow's body."""
    seconds = await many(options.shape, options.tracks, options.workers, options.step)
    first, last = _marks
    report(first - started, last - first, seconds)
