"""The flow `sync-track`: one row from its claim to its release."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.context import TagsContext
from prefect.states import Completed, Failed

from flows.progress.transfers import Stage
from flows.reporting.hooks import after_track
from flows.rows.filtering import still_wanted
from flows.session.opening import Run, open_session
from flows.track.claimed_row import ClaimedRow
from flows.track.last_write import write_failure, write_results
from flows.track.work import work_on
from tasks.errors import ClaimLost, LeaseLost, RowChanged, SyncError, TakenOver
from tasks.locks.claim import Locked, Lost, NotWanted, Won
from tasks.locks.track_locks import HeldRow, Unlocked
from tasks.locks.track_locks import Outcome as ClaimOutcome
from tasks.notion.rows import to_track
from tasks.shown_text import shown, without_secrets
from tasks.tracks import Track, TrackFilter, TrackResult, TrackStatus

_log = logging.getLogger("flows.sync_track")

TRACK_TAG = "library-sync-track"
"""What the flow runs of a run's tracks are tagged with."""


@dataclass
class Turn:
    """A track's turn in a run: what the listing knew of its row, and what became of it.

    No parameter of the flow, which Prefect would copy, and no value of it, which is lost when
    Prefect's server fails: the runner hands it down and reads `result` afterwards.
    """

    run: Run
    track: Track
    has_begun: bool = False
    result: TrackResult | None = None


current_turn: ContextVar[Turn | None] = ContextVar("current_turn", default=None)


# It has its run's `result_storage`. Named here, Prefect would make two clients a track to find it,
# each with certificates of its own: 30 ms of CPU.
@flow(name="sync-track", flow_run_name="{label}", persist_result=False)
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
    with TagsContext(current_tags=set()):  # the tag is the run's, not its stages'
        async with _turn_of(page_id) as turn:
            _say_what(turn.track)
            result = await sync_one(turn, filter)
            await after_track(turn.run.connections.settings, turn.run.state, result)
    _say_result(result)
    return _as_state(result)


async def sync_one(turn: Turn, track_filter: TrackFilter) -> TrackResult:
    """What became of the track. Never raises, except when it is cancelled."""
    began = monotonic()
    turn.has_begun = True
    run, track = turn.run, turn.track
    try:
        result = await _claim_and_work(run, track, track_filter)
    except SyncError as error:
        if error.stops_run:
            run.state.stop(error)
        result = TrackResult.of(track, TrackStatus.FAILED, error=error)
    except Exception as error:  # noqa: BLE001  (the one place: a bad track never stops the others)
        _log.exception("Unexpected error at %s", track.label)
        unexpected = SyncError(f"{type(error).__name__}: {error}")
        result = TrackResult.of(track, TrackStatus.ERROR, error=unexpected)
    finally:
        await run.state.head_start.forget(track.page_id)
    run.connections.attempts.note(track, result)
    turn.result = replace(result, processing_time_seconds=monotonic() - began)
    return turn.result


async def _claim_and_work(run: Run, track: Track, track_filter: TrackFilter) -> TrackResult:
    # No stage of its own: between a claim that is won and the `try` that frees it nothing may wait.
    match await run.pauses.through(lambda: _claim(run, track.page_id, track_filter)):
        case Locked(by=by):
            return TrackResult.of(track, TrackStatus.SKIPPED_LOCKED, f"locked by {by}")
        case Lost(reason=reason):
            return TrackResult.of(track, TrackStatus.SKIPPED_LOCKED, f"not claimed: {reason}")
        case NotWanted(row=now):
            why = _no_longer_wanted(to_track(now.page, run.connections.schema))
            return TrackResult.of(track, TrackStatus.SKIPPED_ALREADY_DONE, f"{why} meanwhile")
        case Unlocked() as row:
            return await _work_and_release(run, row, track)
        case Won(lease=lease):
            return await _work_and_release(run, lease, track)


def _no_longer_wanted(row: Track) -> str:
    if row.in_trash:
        return "put into the trash"
    return "done" if row.downloaded else "no longer asked for"


async def _claim(run: Run, page_id: str, track_filter: TrackFilter) -> ClaimOutcome:
    """The claim that was begun while Prefect started, else one of now."""
    begun = await run.state.head_start.take(page_id)
    if begun is not None:
        return begun
    wanted = still_wanted(run.connections, track_filter)
    return await run.connections.locks.claim(page_id, wanted, proof_later=True)


async def _work_and_release(run: Run, lease: HeldRow, listed: Track) -> TrackResult:
    """Work on a row that is ours, and let go of it whatever happens."""
    track = to_track(lease.row.page, run.connections.schema)
    track = replace(track, playlists=track.playlists or listed.playlists)
    row = ClaimedRow(run, lease, track)
    try:
        async with lease.kept(), run.gates.work:
            run.state.transfers.enter(track.page_id, Stage.PREPARING)
            await run.pauses.through(row.name_playlists)
            return await write_results(row, await work_on(row))
    except (ClaimLost, TakenOver) as lost:
        return TrackResult.of(track, TrackStatus.SKIPPED_LOCKED, str(lost))
    except LeaseLost:
        raise
    except RowChanged as changed:
        _log.info("   %s", changed)
        return TrackResult.of(track, TrackStatus.SKIPPED_LOCKED, f"{changed} {changed.remedy}")
    except SyncError as error:
        if error.marks_row:
            await write_failure(row, error)
        raise
    finally:
        await lease.release()


@asynccontextmanager
async def _turn_of(page_id: str) -> AsyncIterator[Turn]:
    """The turn in the run around us, or one in a run of its own for a flow started alone."""
    turn = current_turn.get()
    if turn is not None:
        yield turn
        return
    async with open_session() as run:
        if run.connections.eagle is not None:
            await run.connections.eagle.load()
        yield Turn(run, Track(page_id=page_id))


def _say_what(track: Track) -> None:
    """The links, first on the run's page."""
    log = get_run_logger()
    if track.page_url:
        log.info("Row in Notion: %s", track.page_url)
    if track.soundcloud_url:
        log.info("Source: %s", without_secrets(shown(track.soundcloud_url)))


def _say_result(result: TrackResult) -> None:
    """What became of it, last on the run's page; the terminal has it from the run."""
    log = get_run_logger()
    if result.error_message:
        said = f"{result.error_type or result.status}: {result.error_message} {result.remedy or ''}"
        log.error("%s", without_secrets(shown(said)))
    else:
        log.info("%s: %s", result.status.value.replace("_", " "), shown(result.action))


def _as_state(result: TrackResult) -> State[Any]:
    """A state named for what happened, so that the UI's list can be read at a glance."""
    message = without_secrets(shown(result.error_message or result.action or result.status.value))
    if result.is_failure:
        return Failed(name=str(result.error_type), message=message, data=None)
    name = result.status.value.replace("_", " ").title().replace(" ", "")
    return Completed(name=name, message=message, data=None)
