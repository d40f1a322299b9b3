"""Waiting for Notion around a claim or a lease: by the lock's clock, and never without a word."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.errors import NotionError
from tasks.locks.ports import Clock, LockRow, LockStore
from tasks.retrying import log_wait


async def wait_after(error: NotionError, pause: float, clock: Clock) -> None:
    """Sleep `pause` seconds, or as long as Notion asked for."""
    seconds = max(pause, error.retry_after or 0.0)
    log_wait(error, seconds)
    await clock.sleep(seconds)


async def read_patiently(
    store: LockStore, clock: Clock, page_id: str, pauses: Iterable[float]
) -> LockRow:
    """The row, asked for again after each of `pauses` while that can help. Raises NotionError."""
    for pause in pauses:
        await store.reserve(1)
        try:
            return await store.read(page_id)
        except NotionError as error:
            if not error.retryable:
                raise
            await wait_after(error, pause, clock)
    await store.reserve(1)
    return await store.read(page_id)
