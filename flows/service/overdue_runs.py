"""A machine that was asleep or off catches up once: of a schedule's overdue runs the newest stays.

Prefect's server makes several scheduled runs ahead, and none of them goes away by itself: after
three nights asleep, three runs would follow each other.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled

_BY_SCHEDULE = "auto-scheduled"  # the tag that Prefect's scheduler gives
_SAID = "A later run of the same schedule is due as well, and does the same work."


async def drop_all_but_newest(client: PrefectClient, pool: str) -> int:
    """Cancel the overdue scheduled runs that a later overdue one replaces; how many."""
    overdue: dict[UUID, list[FlowRun]] = defaultdict(list)
    for run in await client.read_flow_runs(
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            expected_start_time=FlowRunFilterExpectedStartTime.model_validate(
                {"before_": datetime.now(UTC)}
            ),
        ),
        limit=200,
    ):
        if _BY_SCHEDULE in run.tags and run.deployment_id is not None:
            overdue[run.deployment_id].append(run)
    dropped = 0
    for runs in overdue.values():
        for run in sorted(runs, key=_due)[:-1]:
            await client.set_flow_run_state(run.id, Cancelled(message=_SAID), force=True)
            dropped += 1
    return dropped


def _due(run: FlowRun) -> datetime:
    return run.expected_start_time or datetime.now(UTC)
