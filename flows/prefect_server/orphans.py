"""Flow runs that nobody works on any more: subflows whose run has ended are closed.

A run that is killed cannot end its subflows, and Prefect leaves them Running forever.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed

_log = logging.getLogger("flows.children")

_OPEN = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_UNTIMELY = [StateType.CRASHED, StateType.CANCELLED, StateType.FAILED]
_LOOKED_BACK = timedelta(days=3)
_AT_ONCE = 50
_PARENTS = ["library-sync", "batch-sync", "sync-share"]


async def end_children(client: PrefectClient, runs: Sequence[UUID], state: State[Any]) -> int:
    """Give every open subflow of `runs` this end; how many there were."""
    if not runs:
        return 0
    open_ones = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=list(runs)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_OPEN)),
    )
    closed = 0
    while found := await client.read_flow_runs(flow_run_filter=open_ones, limit=_AT_ONCE):
        for run in found:
            _log.debug("%s is closed", run.name)
            await client.set_flow_run_state(run.id, state.model_copy(), force=True)
        closed += len(found)
    return closed


async def end_run(client: PrefectClient, run: UUID, why: str) -> None:
    """Crash a run whose process is gone, unless it has its end, and close its subflows."""
    found = await client.read_flow_run(run)
    if found.state is None or not found.state.is_final():
        await client.set_flow_run_state(run, Crashed(message=why), force=True)
    await end_children(client, [run], Crashed(message=why))


async def close_orphans(client: PrefectClient) -> int:
    """Close what runs of the last days left open when they ended before their time."""
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=_PARENTS)),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNTIMELY)),
            end_time=FlowRunFilterEndTime.model_validate(
                {"after_": datetime.now(UTC) - _LOOKED_BACK}
            ),
        ),
        sort=FlowRunSort.END_TIME_DESC,
        limit=_AT_ONCE,
    )
    said = "The run that this track belonged to has ended without it."
    return await end_children(client, [run.id for run in runs], Cancelled(message=said))
