"""The subflows of a run that is cancelled: none stays open, and the run ends by one signal."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled

from tasks.locks.ports import Ticks
from tasks.locks.shielded import finish_within

__all__ = ["ended_together"]

_log = logging.getLogger("flows.children")

_SECONDS = 5.0
_NOT_BEGUN = "The run was stopped before this track was begun."
_OPEN = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]


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
    """Cancelled while it is being created, a flow run is on the server, and nobody's."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    of_ours = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[context.flow_run.id]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN)),
    )
    async with get_client() as client:
        for run in await client.read_flow_runs(flow_run_filter=of_ours):
            _log.debug("%s is closed", run.name)
            state: State[None] = Cancelled(message=_NOT_BEGUN)
            await client.set_flow_run_state(run.id, state, force=True)
