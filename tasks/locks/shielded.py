"""Seeing a write through although the work around it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tasks.locks.ports import Ticks

Result = TypeVar("Result")


async def see_through(
    clock: Ticks,
    grace: float,
    work: Coroutine[Any, Any, Result],
    *,
    undo: Callable[[Result], Awaitable[object]] | None = None,
) -> Result:
    """What `work` returns. If the caller is cancelled meanwhile, `work` goes on for at most
    `grace` seconds, `undo` is given its result, and only then CancelledError is raised.
    """
    inner = _apart(work)
    try:
        return await asyncio.shield(inner)
    except asyncio.CancelledError:
        await finish_within(clock, grace, _conclude(inner, undo))
        raise


async def finish_within(clock: Ticks, seconds: float, work: Coroutine[Any, Any, object]) -> bool:
    """Run `work` for at most `seconds`, deaf to cancellation. True if it ended without an error."""
    inner, timer = _apart(work), _apart(clock.sleep(seconds))
    while not (inner.done() or timer.done()):
        try:
            await asyncio.wait({inner, timer}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            continue
    timer.cancel()
    if inner.done():
        return not inner.cancelled() and inner.exception() is None
    inner.cancel()
    return False


def _apart(work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """A task that an event loop being torn down does not cancel; whoever awaits it sees to its end.

    Prefect ends a worker's run by an exception through the loop, which then cancels all tasks it
    knows of at once, those behind a shield too.
    """
    task = asyncio.ensure_future(work)
    asyncio.tasks._unregister_task(task)  # noqa: SLF001  (documented: "Extending asyncio")
    return task


async def _conclude(
    inner: asyncio.Future[Result], undo: Callable[[Result], Awaitable[object]] | None
) -> None:
    result = await inner
    if undo is not None:
        await undo(result)
