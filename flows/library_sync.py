"""The flow `library-sync`: every matching track, each in a subflow of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.cleanup_locks import clean_up
from flows.exporting.making import export_after
from flows.fan_out.runners import process_tracks
from flows.fan_out.shares import hand_out, require_pool
from flows.follow_sources import follow_before, lists_before
from flows.prefect_server.run_pages import NO_RESULTS, named, verdict
from flows.reporting.account import clearing, reading, say_listed, say_listing
from flows.reporting.flow_run import run_steps
from flows.rows.adoption import adopt_rows
from flows.rows.filtering import is_wanted, only_failed, unlisted
from flows.rows.selecting import select_tracks
from flows.session.job import Job, sync_job
from flows.session.opening import Run
from flows.settings.table import MOST_WORKERS
from flows.summary import SyncSummary
from tasks.eagle.stage import cache_library
from tasks.errors import ConfigurationError, ErrorType, SyncError
from tasks.notion.stage import query_tracks
from tasks.shown_text import counted
from tasks.tracks import Track, TrackFilter, TrackResult

_log = logging.getLogger("flows.library_sync")

_SHOWN = 20

Workers = Annotated[int, Field(ge=1, le=MOST_WORKERS)]
Limit = Annotated[int, Field(ge=1)]
Shares = Annotated[int, Field(ge=1, le=MOST_WORKERS)]
OwnSteps: TypeAlias = Callable[[Run, Job, SyncSummary], Awaitable[SyncSummary]]
"""How a run lists its rows and works on them."""


@flow(name="library-sync", flow_run_name=named("library-sync"), **NO_RESULTS)
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
    job = sync_job(
        filter=filter,
        limit=limit,
        parallel=parallel,
        workers=workers,
        cleanup=cleanup,
        debug=debug,
        dry_run=dry_run,
        retry_failed=retry_failed,
        error=error,
        distribute=distribute,
    )
    with verdict() as ending:
        _refuse_contradictions(job)
        if distribute is not None:
            await require_pool()
        ending.state = await run_all_steps(job, _list_and_work)
    return ending.state


def _refuse_contradictions(job: Job) -> None:
    """Raises ConfigurationError for fields of the form that contradict each other."""
    if job.error is not None and not job.retry_failed:
        raise ConfigurationError(
            "`error` chooses among rows that failed before, and `retry_failed` is off.",
            remedy="Switch `retry_failed` on, or leave `error` empty.",
        )
    if job.distribute is not None and job.dry_run:
        raise ConfigurationError(
            "A dry run changes nothing, so there is nothing to distribute.",
            remedy="Leave `distribute` empty, or switch `dry_run` off.",
        )


async def run_all_steps(job: Job, own: OwnSteps) -> State[Any]:
    """The state of a run over all rows: from stale locks and followed lists to the exports."""

    async def steps(run: Run, summary: SyncSummary) -> SyncSummary:
        summary, lists = await asyncio.gather(prepare(run, job, summary), lists_before(run))
        if not summary.error:
            coming = await follow_before(run, lists)
            summary = replace(summary, results=coming, found=len(coming))
            summary = await own(run, job, summary)
        await export_after(run, summary)
        return summary

    return await run_steps(job, steps)


async def prepare(run: Run, job: Job, summary: SyncSummary) -> SyncSummary:
    """Steps 1 and 2: stale locks, Eagle's library. What goes wrong ends the run with code 1."""
    connections, state, through = run.connections, run.state, run.pauses.through
    eagle, begun = connections.eagle, state.head_start.index
    try:
        locks = through(lambda: clean_up(connections, state)) if job.cleanup else None
        summary = await clearing(summary, locks)
        items = None if eagle is None else through(lambda: cache_library(eagle, begun))
        return await reading(summary, items)
    except SyncError as error:
        return stopped(summary, error)


async def _list_and_work(run: Run, job: Job, summary: SyncSummary) -> SyncSummary:
    state = run.state
    say_listing(job.filter)
    try:
        tracks = await _rows(run, job)
    except SyncError as error:
        return stopped(summary, error)
    say_listed(len(tracks))
    is_of_all = job.filter is TrackFilter.ALL and not job.retry_failed
    return await work_through(
        run,
        job,
        replace(summary, found=summary.found + len(tracks)),
        tracks,
        are_all=is_of_all and state.only_pages is None,
    )


async def _rows(run: Run, job: Job) -> list[Track]:
    """Step 3: the rows that the run is about. Raises NotionError."""
    connections, state = run.connections, run.state
    tracks: list[Track] = await run.pauses.through(lambda: _listed(run))
    state.listed = len(tracks)
    if (chosen := state.only_pages) is not None:
        tracks = [track for track in tracks if track.page_id in chosen]
    named = state.brought if chosen is None else chosen
    tracks += await unlisted(connections, tracks, job.filter, named)
    return only_failed(connections, tracks, job.error) if job.retry_failed else tracks


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
    run: Run, job: Job, summary: SyncSummary, tracks: list[Track], *, are_all: bool = False
) -> SyncSummary:
    """Step 4: what needs work is worked on, `job.limit` tracks at most; the rest has its reason.

    `are_all` says that `tracks` are all rows with an address.
    """
    connections, state, through = run.connections, run.state, run.pauses.through
    try:
        selection = await select_tracks(
            connections, state, tracks, job.limit, are_all=are_all, through=through
        )
    except SyncError as error:
        return stopped(summary, error)
    results = [*summary.results, *selection.skipped, *selection.planned]
    if selection.adoptions:
        _log.info("Completing %s...", counted(len(selection.adoptions), "finished row"))
        results += await adopt_rows(run, selection.adoptions)
    if selection.work:
        _list(selection.work)
        _log.info("Step 4: Processing %s...", counted(len(selection.work), "track"))
        results += await _work(run, job, selection.work)
    summary = replace(summary, results=tuple(results), warnings=state.warnings)
    return stopped(summary, state.stopped_by) if state.stopped_by else summary


async def _work(run: Run, job: Job, work: list[Track]) -> list[TrackResult]:
    workers, shares = job.at_a_time(run.connections.settings), job.distribute
    if shares is not None:
        _log.info(
            "   Using the pool's workers: %s, %d at a time each", counted(shares, "share"), workers
        )
        return await hand_out(run, work, shares, workers)
    if workers > 1:
        _log.info("   Using parallel processing (%d workers)", workers)
    else:
        _log.info("   Using sequential processing (the next rows are claimed meanwhile)")
    return await process_tracks(run, work, workers)


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
