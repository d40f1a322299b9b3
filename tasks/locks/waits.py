"""Waiting for Notion around a claim or a lease: by the lock's clock, and never without a word."""

from __future__ import annotations

from tasks.errors import NotionError
from tasks.locks.ports import Clock
from tasks.retrying import log_wait


async def wait_after(error: NotionError, pause: float, clock: Clock) -> None:
    """Sleep `pause` seconds, or as long as Notion asked for."""
    seconds = max(pause, error.retry_after or 0.0)
    log_wait(error, seconds)
    await clock.sleep(seconds)
