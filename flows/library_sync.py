"""The flow `library-sync`: every matching track, each in a subflow of its own."""

import asyncio
import logging
from dataclasses import dataclass, replace
from time import monotonic
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from flows.cleanup_locks import clean_up
from flows.exporting.making import export_after
from flows.fan_out.runners import process_tracks
from flows.fan_out.shares import hand_out, require_pool
from flows.follow_sources import follow_before, lists_before
from flows.prefect_server.caretaker import cared_for
from flows.prefect_server.run_names import named
from flows.prefect_server.verdicts import public, verdict
from flows.reporting.artifacts import publish
from flows.reporting.closing import close_run
from flows.reporting.files import run_log
from flows.reporting.opening_lines import (
    CLEARING,
    READING_EAGLE,
    SYNC_TITLE,
    announce,
    say_listed,
    say_listing,
    say_not_clearing,
    say_read,
)
from flows.reporting.remembering import remembered
from flows.rows.adoption import adopt_rows
from flows.rows.filtering import is_wanted, only_chosen, only_failed, unlisted
from flows.rows.selecting import select_tracks
from flows.session.gates import workers_of
from flows.session.opening import Run, open_session
from flows.settings.table import MOST_WORKERS
from flows.summary import ReturnCode, SyncSummary
from tasks.eagle.stage import cache_library
from tasks.errors import ConfigurationError, ErrorType, SyncError
from tasks.notion.stage import query_tracks
from tasks.tracks import Track, TrackFilter, TrackResult

_log = logging.getLogger("flows.library_sync")

_SHOWN = 20

Workers = Annotated[int, Field(ge=1, le=MOST_WORKERS)]
Limit = Annotated[int, Field(ge=1)]
Shares = Annotated[int, Field(ge=1, le=MOST_WORKERS)]


@dataclass(frozen=True, kw_only=True)
class HowToWork:
    """How much, how many at a time, and in how many shares for other machines (None: all here).

    `are_all` says that the tracks to decide on are all that have an address.
    """

    limit: int | None
    workers: int
    shares: int | None = None
    are_all: bool = False

    def __str__(self) -> str:
        """As the log says it."""
        if self.shares is not None:
            return f"{self.shares} shares on the pool's workers ({self.workers} at a time each)"
        if self.workers > 1:
            return f"parallel processing ({self.workers} workers)"
        return "sequential processing (the next rows are claimed meanwhile)"


@flow(name="library-sync", flow_run_name=named("library-sync"))
async def library_sync(  # noqa: PLR0913, PLR0917  (a form's fields)
    filter: TrackFilter = TrackFilter.UNPROCESSED,  # noqa: A002  (the command line's word)
    limit: Limit | None = None,
    parallel: bool = False,  # noqa: FBT001, FBT002  (a form's field)
    workers: Workers | None = None,
    cleanup: bool = True,  # noqa: FBT001, FBT002
    debug: bool = False,  # noqa: FBT001, FBT002
    dry_run: bool = False,  # noqa: FBT001, FBT002
    retry_failed: bool = False,  # noqa: FBT001, FBT002
    error: ErrorType | None = None,
    distribute: Shares | None = None,
) -> State[Any]:
    """Bring every track that matches the filter once, whole, into the library.

    Args:
        filter: Which rows: unprocessed, all, or missing_eagle.
        limit: Process this many tracks at most, counted after filtering; empty for all.
        parallel: Work on several tracks at a time.
        workers: How many at a time; empty for SC_MAX_CONCURRENCY.
        cleanup: First free the locks of processes that are gone.
        debug: Log every step.
        dry_run: Say what would be done and why, and change nothing.
        retry_failed: Only rows that failed before, even those not due yet.
        error: With retry_failed, only rows with this error, e.g. SC_Geo_Blocked.
        distribute: Hand the work out in this many shares to the workers of the pool.
    """
    began = monotonic()
    with verdict() as ending:
        _refuse_contradictions(error, distribute, retry_failed=retry_failed, dry_run=dry_run)
        async with cared_for(), open_session(dry_run=dry_run) as run, run_log(run.state.folder):
            settings, state = run.connections.settings, run.state
            state.track_filter = filter
            state.retries_failed = retry_failed
            several = parallel or distribute is not None
            concurrency = workers_of(settings, workers, several=several)
            if distribute is not None:
                await require_pool()
            announce(f"{SYNC_TITLE} MODE", run, limit, concurrency, debug=debug)
            is_dry = settings.dry_run
            summary = SyncSummary(mode="library-sync", track_filter=filter, dry_run=is_dry)
            with remembered(settings, state, summary):
                summary, lists = await asyncio.gather(
                    prepare(run, summary, cleanup=cleanup), lists_before(run)
                )
                if not summary.error:
                    summary = replace(summary, results=await follow_before(run, lists))
                    how = HowToWork(limit=limit, workers=concurrency, shares=distribute)
                    summary = await _query_and_work(run, summary, how, error)
                await export_after(run, summary)
            title = f"{SYNC_TITLE} COMPLETE"
            summary = await close_run(settings, state, summary, title=title, began=began)
            await publish(summary)
        ending.state = as_state(summary)
    return ending.state


def _refuse_contradictions(
    error: ErrorType | None, distribute: int | None, *, retry_failed: bool, dry_run: bool
) -> None:
    """Raises ConfigurationError for fields of the form that contradict each other."""
    if error is not None and not retry_failed:
        raise ConfigurationError(
            "`error` chooses among rows that failed before, and `retry_failed` is off.",
            remedy="Switch `retry_failed` on, or leave `error` empty.",
        )
    if distribute is not None and dry_run:
        raise ConfigurationError(
            "A dry run changes nothing, so there is nothing to distribute.",
            remedy="Leave `distribute` empty, or switch `dry_run` off.",
        )


def as_state(summary: SyncSummary) -> State[Any]:
    """The run's verdict as a state; its data is the summary itself."""
    code = summary.return_code
    became = ", ".join(f"{number} {word}" for word, number in summary.outcomes.items())
    message = f"{summary.found} found: {became}" if became else ""
    if code is ReturnCode.NOTHING_TO_DO:
        return Completed(name="NothingToDo", message=message or code.meaning, data=summary)
    if code is ReturnCode.PROCESSED:
        name = "CompletedWithFailures" if summary.count("failed") or summary.error else "Completed"
        return Completed(name=name, message=public(message, summary.error), data=summary)
    return Failed(message=public(summary.error or message), data=summary)


async def prepare(run: Run, summary: SyncSummary, *, cleanup: bool) -> SyncSummary:
    """Steps 1 and 2: stale locks, Eagle's library. What goes wrong ends the run with code 1."""
    try:
        _log.info(CLEARING)
        if cleanup:
            report = await run.pauses.through(lambda: clean_up(run.connections, run.state))
            summary = replace(summary, stale_locks_cleared=len(report.cleared))
        else:
            say_not_clearing()
        _log.info(READING_EAGLE)
        eagle = run.connections.eagle
        if eagle is None:
            say_read(None)
            return summary
        reading = run.state.head_start.index
        cached = await run.pauses.through(lambda: cache_library(eagle, reading))
        say_read(cached)
        return replace(summary, eagle_items_cached=cached)
    except SyncError as error:
        return stopped(summary, error)


async def _query_and_work(
    run: Run,
    summary: SyncSummary,
    how: HowToWork,
    error_to_retry: ErrorType | None,
) -> SyncSummary:
    connections, state = run.connections, run.state
    say_listing(state.track_filter)
    try:
        tracks: list[Track] = await run.pauses.through(lambda: _listed(run))
        state.listed = len(tracks)
        tracks += await unlisted(connections, tracks, state.track_filter, state.brought)
        everything = state.track_filter is TrackFilter.ALL and not state.retries_failed
        how = replace(how, are_all=everything and state.only_pages is None)
        if state.only_pages is not None:
            tracks = await only_chosen(connections, tracks, state.track_filter, state.only_pages)
    except SyncError as error:
        return stopped(summary, error)
    if state.retries_failed:
        tracks = only_failed(connections, tracks, error_to_retry)
    say_listed(len(tracks))
    return await work_through(
        run, replace(summary, found=len(summary.results) + len(tracks)), tracks, how
    )


async def _listed(run: Run) -> list[Track]:
    connections, track_filter = run.connections, run.state.track_filter
    tracks: list[Track] = await query_tracks(
        connections.notion,
        connections.schema,
        track_filter,
        lambda track: is_wanted(connections, track, track_filter),
        run.state.head_start.take_listing(),
    )
    return tracks


async def work_through(
    run: Run, summary: SyncSummary, tracks: list[Track], how: HowToWork
) -> SyncSummary:
    """Step 4: what needs work is worked on, `limit` tracks at most; the rest has its reason."""
    connections, state = run.connections, run.state
    try:
        selection = await select_tracks(
            connections,
            state,
            tracks,
            how.limit,
            are_all=how.are_all,
            through=run.pauses.through,
        )
    except SyncError as error:
        return stopped(summary, error)
    results = [*summary.results, *selection.skipped, *selection.planned]
    if selection.adoptions:
        _log.info("Completing %d finished rows...", len(selection.adoptions))
        results += await adopt_rows(run, selection.adoptions)
    if selection.work:
        _list(selection.work)
        _log.info("Step 4: Processing %d tracks...", len(selection.work))
        _log.info("   Using %s", how)
        results += await _work(run, selection.work, how)
    summary = replace(summary, results=tuple(results), warnings=state.warnings)
    return stopped(summary, state.stopped_by) if state.stopped_by else summary


async def _work(run: Run, work: list[Track], how: HowToWork) -> list[TrackResult]:
    if how.shares is None:
        return await process_tracks(run, work, how.workers)
    return await hand_out(run, work, how.shares, how.workers)


def stopped(summary: SyncSummary, error: SyncError) -> SyncSummary:
    """The summary of a run that an error ended."""
    sentence = f"{error} {error.remedy}"
    _log.error("%s", sentence)
    return replace(summary, error=sentence)


def _list(work: list[Track]) -> None:
    _log.info("TRACKS TO PROCESS (%d total):", len(work))
    for number, track in enumerate(work[:_SHOWN], 1):
        _log.info("   %d. %s", number, track.byline)
    if len(work) > _SHOWN:
        _log.info("   ... and %d more", len(work) - _SHOWN)


if __name__ == "__main__":
    raise SystemExit("This is a flow. Run: library-sync sync (or: python -m flows sync)")
