"""What must be seen through is seen through, also while the whole event loop is torn down."""

from __future__ import annotations

import asyncio

import pytest

from tasks.locks.clock import NotionTime, SystemClock
from tasks.locks.shielded import finish_within, see_through

CLOCK = SystemClock(NotionTime())


def interrupt() -> None:
    """What Prefect's signal handler does: an exception out of the loop, past every task."""
    raise KeyboardInterrupt


def test_a_claim_is_decided_before_the_loop_is_gone():
    """A token in Notion that nobody verifies or frees would bar its row until its time-out."""
    events: list[str] = []

    async def claim() -> str:
        await asyncio.sleep(0.05)
        events.append("verified")
        return "lease"

    async def release(_: str) -> None:
        await asyncio.sleep(0.05)
        events.append("released")

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.01, interrupt)
        await see_through(CLOCK, 5.0, claim(), undo=release)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run())
    assert events == ["verified", "released"]


def test_a_release_under_way_is_not_torn_down():
    """Nor when it had begun before."""
    events: list[str] = []

    async def release() -> None:
        await asyncio.sleep(0.05)
        events.append("released")

    async def run() -> None:
        asyncio.get_running_loop().call_later(0.01, interrupt)
        await finish_within(CLOCK, 5.0, release())

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run())
    assert events == ["released"]


async def test_what_takes_too_long_is_given_up():
    """The grace bounds what a cancelled run may still take."""
    assert await finish_within(CLOCK, 0.05, asyncio.sleep(10)) is False
