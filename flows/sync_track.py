"""The flow `sync-track`: one row from its claim to its release."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import monotonic
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.reporting.hooks import after_track
from flows.rows.filtering import is_wanted
from flows.session.opening import Session, current_session
from flows.track.work import Outcome, failure_values, work_on
from tasks.errors import (
    EagleLibraryChanged,
    LeaseLost,
    NotionError,
    NotionUnauthorized,
    SyncError,
)
from tasks.locks.claim import Locked, Lost, NotWanted
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import HeldRow, Unlocked
from tasks.notion.rows import to_track
from tasks.notion.writes import property_values
from tasks.tracks import Track, TrackFilter, TrackResult, TrackStatus

__all__ = ["skipped", "sync_one", "sync_track"]

_log = logging.getLogger("flows.sync_track")

_STOPS_THE_RUN = (EagleLibraryChanged, NotionUnauthorized)


@flow(name="sync-track", flow_run_name="{label}")
async def sync_track(
    page_id: str,
    label: str = "track",  # noqa: ARG001  (the run's name in the UI)
    filter: TrackFilter = TrackFilter.ALL,  # noqa: A002  (the command line's word)
) -> State[Any]:
    """Claim one row, bring its recording into the library, write back what was done.

    Args:
        page_id: The row's page id in Notion.
        label: `Artist - Title`, the name of this run.
        filter: The filter that the row must still match when it is claimed.
    """
    async with current_session() as session:
        result = await sync_one(session, page_id, filter)
        session.results[page_id] = result
        await after_track(session, result)
    return _as_state(result)


async def sync_one(session: Session, page_id: str, track_filter: TrackFilter) -> TrackResult:
    """What became of the row. Never raises, except when it is cancelled."""
    began = monotonic()
    track = session.candidates.pop(page_id, None) or Track(page_id=page_id)
    try:
        result = await _claim_and_work(session, track, track_filter)
    except SyncError as error:
        if isinstance(error, _STOPS_THE_RUN):
            session.stop(error)
        result = _failed(track, error)
    except Exception as error:  # noqa: BLE001  (the one place: a bad track never stops the others)
        _log.exception("Unexpected error at %s", track.label)
        result = _failed(track, SyncError(f"{type(error).__name__}: {error}"), TrackStatus.ERROR)
    session.attempts.note(track, result)
    return replace(result, processing_time_seconds=monotonic() - began)


async def _claim_and_work(session: Session, track: Track, track_filter: TrackFilter) -> TrackResult:
    def still_wanted(row: LockRow) -> bool:
        return is_wanted(session, to_track(row.page, session.schema), track_filter)

    # No stage of its own: between a claim that is won and the `try` that frees it nothing may wait.
    outcome = await session.locks.claim(track.page_id, still_wanted)
    match outcome:
        case Locked(by=by):
            return skipped(track, TrackStatus.SKIPPED_LOCKED, f"locked by {by}")
        case Lost(reason=reason):
            return skipped(track, TrackStatus.SKIPPED_LOCKED, f"not claimed: {reason}")
        case NotWanted():
            return skipped(track, TrackStatus.SKIPPED_ALREADY_DONE, "done meanwhile")
        case Unlocked():
            return await _hold(session, outcome, track)
        case _:
            return await _hold(session, outcome.lease, track)


async def _hold(session: Session, lease: HeldRow, candidate: Track) -> TrackResult:
    """Work on a row that is ours, and let go of it whatever happens."""
    track = to_track(lease.row.page, session.schema)
    track = replace(track, playlists=track.playlists or candidate.playlists)
    try:
        async with lease.kept(), session.work_gate:
            track = await session.playlists.of(track)
            done = await work_on(session, lease, track)
            return await _conclude(session, lease, track, done)
    except LeaseLost:
        raise
    except SyncError as error:
        await _record_failure(session, lease, track, error)
        raise
    finally:
        await lease.release()


async def _conclude(session: Session, lease: HeldRow, track: Track, done: Outcome) -> TrackResult:
    """Results and release in one PATCH, read back from its answer."""
    if done.values:
        lease.require_safe()
        written = property_values(session.schema, done.values)
        row = await lease.finish(written)
        session.require_shown(row.page, written, track)
    return done.result


async def _record_failure(session: Session, lease: HeldRow, track: Track, error: SyncError) -> None:
    """The error's class into the status property, and the lock freed, in one PATCH."""
    values = failure_values(session.schema, track, error)
    if not values:
        return
    try:
        await lease.finish(property_values(session.schema, values))
    except (NotionError, LeaseLost) as second:
        _log.warning("%s: the error could not be written to Notion: %s", track.label, second)


def skipped(track: Track, status: TrackStatus, reason: str) -> TrackResult:
    """The result of a track that was left alone, and why."""
    return TrackResult(
        page_id=track.page_id,
        title=track.title or "Untitled",
        artist=track.artist,
        status=status,
        action=reason,
        page_url=track.page_url,
        source_url=track.soundcloud_url,
    )


def _failed(
    track: Track, error: SyncError, status: TrackStatus = TrackStatus.FAILED
) -> TrackResult:
    return replace(
        skipped(track, status, ""),
        error_type=error.error_type,
        error_message=str(error),
        remedy=error.remedy,
    )


def _as_state(result: TrackResult) -> State[Any]:
    """A state named for what happened, so that the UI's list can be read at a glance."""
    message = result.error_message or result.action or result.status.value
    if result.status in {TrackStatus.FAILED, TrackStatus.ERROR}:
        return Failed(name=str(result.error_type), message=message, data=None)
    name = result.status.value.replace("_", " ").title().replace(" ", "")
    return Completed(name=name, message=message, data=None)
