"""Blocking work in a thread, stopped when the coroutine that waits for it is cancelled.

A thread cannot be interrupted from outside; it has to ask. So the work is handed an event to
look at, and its caller waits until it has looked (docs/facts/prefect.md, "Subflows"). A thread that
hangs on a silent host looks late: it is not waited for, since the row's lock must be freed soon.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 5.0


async def in_thread(work: Callable[[Callable[[], bool]], T]) -> T:
    """What `work(stop)` returns. On cancellation `stop()` turns True, and the thread is awaited
    for five seconds at most; after that it ends by itself at its next look.

    Whatever the stopped work raises is dropped for the CancelledError that stopped it.
    """
    stopped = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stopped.is_set))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stopped.set()
        running.add_done_callback(_drop_outcome)
        await asyncio.wait({running}, timeout=_PATIENCE)
        raise


def _drop_outcome(ended: asyncio.Future[Any]) -> None:
    """Look at it, so that asyncio does not call it a forgotten error."""
    if not ended.cancelled():
        ended.exception()
