"""The subflows of a run that is cancelled: none stays open, and the run ends by one signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled

from flows.prefect_server.orphans import end_children
from tasks.locks.ports import Ticks
from tasks.locks.shielded import finish_within

_SECONDS = 5.0
# The server may still be at work, after our look, on what a cancelled subflow asked of it.
_UNDER_WAY = 1.0
_NOT_BEGUN = "The run was stopped before this track was begun."


@asynccontextmanager
async def ended_together(clock: Ticks) -> AsyncIterator[None]:
    """Around the tracks' subflows: what cancels them ends this run the same way.

    In a worker each of them ends with Prefect's signal. Prefect does not see it in a group of
    errors, and would call the run crashed.
    """
    try:
        yield
    except asyncio.CancelledError:
        await finish_within(clock, _SECONDS, _end_open())
        raise
    except BaseExceptionGroup as group:
        if group.subgroup(TerminationSignal) is None:
            raise
        await finish_within(clock, _SECONDS, _end_open())
        raise TerminationSignal(signal.SIGTERM) from group


async def _end_open() -> None:
    """End the subflows that were cancelled while they were created or begun.

    Such a flow run is on the server, and nobody's. They are looked for until a look that comes a
    second after the last one finds none.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    runs = [context.flow_run.id]
    cancelled: State[None] = Cancelled(message=_NOT_BEGUN)
    async with get_client() as client:
        await end_children(client, runs, cancelled)
        late = True
        while late:
            await asyncio.sleep(_UNDER_WAY)
            late = await end_children(client, runs, cancelled) > 0
