"""Blocking work in a thread, stopped when the coroutine that waits for it is cancelled.

A thread cannot be interrupted from outside; it has to ask. So the work is handed an event to
look at, and its caller waits until it has looked (prefect-and-style.md, 0.2).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

__all__ = ["in_thread"]

T = TypeVar("T")


async def in_thread(work: Callable[[Callable[[], bool]], T]) -> T:
    """What `work(stop)` returns. On cancellation `stop()` turns True, and the thread is awaited.

    Whatever the stopped work raises is dropped for the CancelledError that stopped it.
    """
    stopped = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stopped.is_set))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stopped.set()
        with suppress(Exception):
            await running
        raise
