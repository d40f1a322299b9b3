"""The event that a run with failed tracks sends, for automations to match.

Prefect's own events carry a state's name and no numbers, and a trigger compares texts alone: hence
the share of failures as one of three words.
"""

from __future__ import annotations

from enum import StrEnum

from prefect.events import emit_event
from prefect.runtime import flow_run

from flows.summary import SyncSummary

TRACKS_FAILED = "library-sync.tracks-failed"
SHARE_LABEL = "library-sync.share-failed"

_MANY = 0.1
_MOST = 0.5


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
        TRACKS_FAILED,
        resource={
            "prefect.resource.id": f"prefect.flow-run.{run}",
            "prefect.resource.name": flow_run.get_name() or run,
            SHARE_LABEL: FailedShare.of(failed, failed + processed).value,
            "library-sync.failed": str(failed),
            "library-sync.processed": str(processed),
        },
    )
