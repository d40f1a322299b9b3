"""What a Prefect server does by itself: it ends silent and late runs, and tells of failures.

Every trigger matches the runs that a person, a schedule or a share started, never the subflow of a
track: the server writes to its database for each event that a trigger matches, and a track has
dozens. `orphans` closes what a run leaves open when it is gone.

Prefect's own events have a state's name and no numbers. So a run with failed tracks sends an event
of its own. A trigger compares texts alone, so the share of failures is one of three words.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events import emit_event
from prefect.events.actions import CancelFlowRun, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.runtime import flow_run
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

from flows.prefect_server.environment import FLOWS
from flows.summary import SyncSummary

_TRACKS_FAILED = "library-sync.tracks-failed"
_SHARE_LABEL = "library-sync.share-failed"
_MANY = 0.1
_MOST = 0.5

_HEARTBEAT_SECONDS = 180
_LATE = timedelta(minutes=20)
_A_RUN: dict[str, Any] = {"prefect.resource.id": "prefect.flow-run.*"}
_BY_SCHEDULE = {
    "prefect.resource.id": "prefect.tag.auto-scheduled",
    "prefect.resource.role": "tag",
}
_TOLD_ABOUT = [name for name in FLOWS if name != "sync-share"]  # its run tells for it


def silent_and_late_runs(
    *, silence: timedelta | None = None, late: timedelta = _LATE
) -> list[AutomationCore]:
    """The two automations that every server gets.

    `silence` is three heartbeats by default, and a minute for a busy machine.
    """
    if silence is None:
        beat = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() or _HEARTBEAT_SECONDS
        silence = timedelta(seconds=3 * beat + 60)
    return [_silent_runs_crash(silence), _late_runs_are_dropped(late)]


def _silent_runs_crash(silence: timedelta) -> AutomationCore:
    """Runs whose process is gone: no heartbeat and no end within `silence`."""
    return AutomationCore(
        name="library-sync: silent runs have crashed",
        description="A run that stopped sending heartbeats without ending is marked Crashed.",
        trigger=_silence_after("prefect.flow-run.heartbeat", silence),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                force=False,
                message=f"No heartbeat for {silence.total_seconds():.0f} s: its machine or process "
                "is gone. The next run frees its locks and does its tracks.",
            )
        ],
    )


def _late_runs_are_dropped(late: timedelta) -> AutomationCore:
    """Scheduled runs that no worker took: a machine that comes back finds no heap of them."""
    return AutomationCore(
        name="library-sync: late scheduled runs are dropped",
        description=f"A scheduled run that no worker took in {late.total_seconds() / 60:.0f} "
        "minutes is cancelled: the next one does the same work.",
        trigger=_silence_after("prefect.flow-run.Late", late, _BY_SCHEDULE),
        actions=[CancelFlowRun()],
    )


def _silence_after(event: str, within: timedelta, *related: dict[str, Any]) -> EventTrigger:
    """A run of ours sends `event`, and no other within this time.

    An event is named for its state's name, and ours are many: hence the wildcard.
    """
    return EventTrigger(
        after={event},
        expect={"prefect.flow-run.*"},
        match=_A_RUN,
        match_related=[_of_flows(FLOWS), *related],
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def failures_are_told(block: UUID, name: str) -> list[AutomationCore]:
    """Runs that failed, and runs with many failed tracks, to the notification block `block`."""
    sent = SendNotification(
        block_document_id=block,
        subject="library-sync: {{ flow_run.name }} {{ flow_run.state.name }}",
        body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
    )
    described = f"Sent through the block {name}."
    return [
        AutomationCore(
            name="library-sync: failed runs are reported",
            description=described,
            trigger=_a_run_failed(),
            actions=[sent],
        ),
        AutomationCore(
            name="library-sync: runs with many failed tracks are reported",
            description=f"{described} One track in ten or more; add `{FailedShare.FEW.value}` to "
            "the trigger to hear of every failure.",
            trigger=_many_tracks_failed(),
            actions=[sent],
        ),
    ]


def _a_run_failed() -> EventTrigger:
    return EventTrigger(
        expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
        match=_A_RUN,
        match_related=_of_flows(_TOLD_ABOUT),
        posture=Posture.Reactive,
        threshold=1,
    )


def _many_tracks_failed() -> EventTrigger:
    many = [FailedShare.MANY.value, FailedShare.MOST.value]
    return EventTrigger(
        expect={_TRACKS_FAILED},
        match=_A_RUN | {_SHARE_LABEL: many},
        posture=Posture.Reactive,
        threshold=1,
    )


class FailedShare(StrEnum):
    """How many of a run's tracks failed: under a tenth, a tenth and more, half and more."""

    FEW = "few"
    MANY = "many"
    MOST = "most"

    @classmethod
    def of(cls, failed: int, worked_on: int) -> FailedShare:
        """The word for `failed` of `worked_on` tracks."""
        share = failed / max(1, worked_on)
        return cls.MOST if share >= _MOST else cls.MANY if share >= _MANY else cls.FEW


def tell_failures(summary: SyncSummary) -> None:
    """Send the event for the run around us, if tracks failed and others did not.

    Where none succeeded the run itself fails, and Prefect's own event says so.
    """
    failed, processed = summary.count("failed"), summary.count("processed")
    run = flow_run.get_id()
    if not (failed and processed) or run is None:
        return
    emit_event(
        _TRACKS_FAILED,
        resource={
            "prefect.resource.id": f"prefect.flow-run.{run}",
            "prefect.resource.name": flow_run.get_name() or run,
            _SHARE_LABEL: FailedShare.of(failed, failed + processed).value,
            "library-sync.failed": str(failed),
            "library-sync.processed": str(processed),
        },
    )


def _of_flows(names: tuple[str, ...] | list[str]) -> dict[str, Any]:
    return {"prefect.resource.role": "flow", "prefect.resource.name": list(names)}


async def make_automation(client: PrefectClient, wanted: AutomationCore) -> str:
    """Make it, unless it is there; a sentence that says which.

    One of an earlier version, which matched the tracks' subflows as well, is renewed; whether its
    owner has switched it off stays.
    """
    found = await client.read_automations_by_name(wanted.name)
    if not found:
        await client.create_automation(wanted)
        return f"Automation '{wanted.name}': made."
    if "sync-track" not in found[0].trigger.model_dump_json():
        return f"Automation '{wanted.name}': found."
    renewed = wanted.model_copy(update={"enabled": found[0].enabled})
    await client.update_automation(found[0].id, renewed)
    return f"Automation '{wanted.name}': renewed, for the runs alone and not for each track."
