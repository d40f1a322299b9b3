"""What library-sync needs on a Prefect server, made once and left alone afterwards.

`library-sync setup` calls `prepare_server`; what is there already, in whatever state its owner has
put it since, is only reported.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NamedTuple

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CancelFlowRun, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY
from prefect.workers.process import ProcessWorker

from flows.prefect_server.blocks import register_blocks
from flows.prefect_server.limits import CONVERSIONS, DOWNLOADS, NOTION_REQUESTS
from flows.settings import load_settings
from tasks.notion.budget import LEASE_SECONDS

__all__ = ["NOTIFICATIONS_BLOCK", "WORK_POOL", "prepare_server"]

WORK_POOL = "library-sync"
NOTIFICATIONS_BLOCK = "library-sync-notifications"

_FLOWS = ["library-sync", "sync-track", "sync-share", "batch-sync", "cleanup-locks"]
_SECONDS = 60.0
_MACHINES = 4
_HEARTBEAT_SECONDS = 180
_LATE = timedelta(minutes=20)


async def prepare_server() -> list[str]:
    """Make the pool, limits, automations and block types on the configured server.

    Returns a sentence for each of them: made, or found. Idempotent. Raises httpx.HTTPError when
    the server does not answer.
    """
    async with get_client() as client:
        said = [await _work_pool(client)]
        said += [await _limit(client, limit) for limit in _limits()]
        said += [await _automation(client, automation) for automation in _automations()]
        said.append(await _notification(client))
    return [*said, await register_blocks()]


async def _work_pool(client: PrefectClient) -> str:
    pool = WorkPoolCreate(
        name=WORK_POOL,
        type="process",
        description="Machines that sync the library; start one with `prefect worker start`.",
        base_job_template=ProcessWorker.get_default_base_job_template(),
    )
    try:
        await client.create_work_pool(pool)
    except ObjectAlreadyExists:
        return f"Work pool {WORK_POOL}: found."
    return f"Work pool {WORK_POOL}: made, for workers of type process."


class _Limit(NamedTuple):
    name: str
    slots: int
    decay: float
    meaning: str


def _limits() -> list[_Limit]:
    """Sizes for a few machines at their defaults; the owner changes them in the UI."""
    settings = load_settings()
    per_minute = settings.notion_requests_per_minute
    burst = max(1, per_minute // 6)
    # No 60 s may see more than the budget, though a permit may be used LEASE_SECONDS late.
    decay = round((per_minute - burst) / (_SECONDS + LEASE_SECONDS), 3) or 0.01
    several = settings.max_concurrency * _MACHINES
    return [
        _Limit(NOTION_REQUESTS, burst, decay, f"{per_minute} requests a minute for all workers"),
        _Limit(DOWNLOADS, several, 0.0, f"{several} downloads at a time on all workers"),
        _Limit(CONVERSIONS, several, 0.0, f"{several} conversions at a time on all workers"),
    ]


async def _limit(client: PrefectClient, wanted: _Limit) -> str:
    try:
        await client.read_global_concurrency_limit_by_name(wanted.name)
    except ObjectNotFound:
        await client.create_global_concurrency_limit(
            GlobalConcurrencyLimitCreate(
                name=wanted.name, limit=wanted.slots, slot_decay_per_second=wanted.decay
            )
        )
        return f"Limit {wanted.name}: made, {wanted.meaning}."
    return f"Limit {wanted.name}: found."


def _automations() -> list[AutomationCore]:
    return [_silent_runs_crash(), _late_runs_are_dropped()]


def _silent_runs_crash() -> AutomationCore:
    """Runs whose process is gone: no heartbeat and no end within thrice the heartbeat's time.

    Their locks are freed by the next run (docs/facts/prefect.md, "The end of a run"). Events are
    named for the state's name, and ours are many: hence the wildcard.
    """
    beat = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() or _HEARTBEAT_SECONDS
    silence = timedelta(seconds=3 * beat + _SECONDS)
    return AutomationCore(
        name="library-sync: silent runs have crashed",
        description="A run that stopped sending heartbeats without ending is marked Crashed.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=_of_our_flows(),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                force=False,
                message=f"No heartbeat for {silence.seconds} s: its machine or process is gone. "
                "The next run frees its locks and does its tracks.",
            )
        ],
    )


def _late_runs_are_dropped() -> AutomationCore:
    """Scheduled runs that no worker took: when one comes back, it does not find a heap of them."""
    return AutomationCore(
        name="library-sync: late scheduled runs are dropped",
        description="A scheduled run that no worker took in 20 minutes is cancelled: the next "
        "one does the same work.",
        trigger=EventTrigger(
            after={"prefect.flow-run.Late"},
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=[
                _of_our_flows(),
                {
                    "prefect.resource.id": "prefect.tag.auto-scheduled",
                    "prefect.resource.role": "tag",
                },
            ],
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=_LATE,
        ),
        actions=[CancelFlowRun()],
    )


def _of_our_flows() -> dict[str, Any]:
    names = [*_FLOWS, "library-status"]
    return {"prefect.resource.role": "flow", "prefect.resource.name": names}


async def _automation(client: PrefectClient, wanted: AutomationCore) -> str:
    if await client.read_automations_by_name(wanted.name):
        return f"Automation '{wanted.name}': found."
    await client.create_automation(wanted)
    return f"Automation '{wanted.name}': made."


async def _notification(client: PrefectClient) -> str:
    """Failed and crashed runs to the user's notification block, once there is one."""
    block = [
        document.id
        async for document in _blocks(client)
        if document.name == NOTIFICATIONS_BLOCK and document.id is not None
    ]
    if not block:
        return (
            f"Notifications: none. Make a block named {NOTIFICATIONS_BLOCK} (Slack, e-mail, …) "
            "in Prefect's UI and run setup again to be told of failed runs."
        )
    return await _automation(
        client,
        AutomationCore(
            name="library-sync: failed runs are told",
            description=f"Sent through the block {NOTIFICATIONS_BLOCK}.",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
                match={"prefect.resource.id": "prefect.flow-run.*"},
                match_related={
                    "prefect.resource.role": "flow",
                    "prefect.resource.name": [name for name in _FLOWS if name != "sync-track"],
                },
                posture=Posture.Reactive,
                threshold=1,
            ),
            actions=[
                SendNotification(
                    block_document_id=block[0],
                    subject="library-sync: {{ flow_run.name }} {{ flow_run.state.name }}",
                    body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
                )
            ],
        ),
    )


async def _blocks(client: PrefectClient) -> AsyncIterator[Any]:
    offset = 0
    while page := await client.read_block_documents(limit=100, offset=offset):
        for document in page:
            yield document
        offset += len(page)
