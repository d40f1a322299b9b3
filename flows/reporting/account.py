"""The account of a run, from its opening lines to its report; without Prefect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

from flows.reporting.closing import close_run, say_end, say_where
from flows.reporting.files import run_log, write_report
from flows.reporting.run_folders import STOPPED, note_beginning
from flows.session.job import Job
from flows.session.opening import Run
from flows.session.run_state import RunState, stopped_runs
from flows.settings import Settings
from flows.summary import SyncSummary
from tasks.locks.cleanup import CleanupReport
from tasks.shown_text import counted

Steps = Callable[[Run, SyncSummary], Awaitable[SyncSummary]]
_STOPPED = "It was stopped; what was finished stays, and the next run goes on with the rest."
_log = logging.getLogger("flows.library_sync")


async def run_and_report(run: Run, job: Job, steps: Steps, began: float) -> SyncSummary:
    """What `steps` make of the run's summary, reported and kept, also where it is stopped.

    `began` is a time of `monotonic()`.
    """
    settings, state = run.connections.settings, run.state
    state.track_filter, state.retries_failed = job.filter, job.retry_failed
    async with run_log(state.folder):
        announce(run, job)
        summary = SyncSummary(mode=job.mode, track_filter=job.filter, dry_run=settings.dry_run)
        with remembered(settings, state, summary):
            summary = await steps(run, summary)
        return await close_run(settings, state, summary, title=job.closing_title, began=began)


@contextmanager
def remembered(settings: Settings, state: RunState, summary: SyncSummary) -> Iterator[None]:
    """Note that the run begins; when it is cancelled, write its report from what is finished."""
    begun = monotonic()
    note_beginning(state.folder, summary)
    try:
        yield
    except asyncio.CancelledError:
        known = replace(
            summary,
            found=max(state.listed, len(state.finished)),
            results=tuple(state.finished.values()),
            warnings=state.warnings,
            error=_STOPPED,
            duration_seconds=monotonic() - begun,
        )
        stopped_runs.get([]).append(known)
        say_end("STOPPED", known)
        write_report(state.folder, known, keep=settings.keep_runs, ended=STOPPED)
        say_where(state.folder)
        raise


def announce(run: Run, job: Job) -> None:
    """The opening lines; verbose logging where it is asked for."""
    if job.debug:
        for name in ("flows", "tasks"):
            logging.getLogger(name).setLevel(logging.DEBUG)
    settings, owner = run.connections.settings, run.connections.locks.owner
    workers = job.at_a_time(settings)
    _log.info("%s", job.title)
    _log.info("   Filter: %s", job.filter)
    _log.info("   Max tracks: %s", job.limit or "unlimited")
    _log.info("   Parallel: %s (workers: %d)", workers > 1, workers)
    _log.info("   Process ID: %s:%s:%s", owner.pid, owner.host, run.state.run_id)
    if settings.dry_run:
        _log.info("   Dry run: nothing is changed")


async def clearing(summary: SyncSummary, report: Awaitable[CleanupReport] | None) -> SyncSummary:
    """Step 1: stale locks are cleared, and how many; None for a run that leaves them alone."""
    _log.info("Step 1: Cleaning up stale processing locks...")
    if report is None:
        _log.info("   Skipped (--no-cleanup)")
        return summary
    cleared = await report
    say_cleared(cleared)
    return replace(summary, stale_locks_cleared=len(cleared.cleared))


def say_cleared(report: CleanupReport) -> None:
    """What became of other processes' locks."""
    done = "Would clear" if report.dry_run else "Cleared"
    _log.info("   %s %s", done, counted(len(report.cleared), "stale lock"))
    if report.live:
        _log.info("   Left to other processes: %s", counted(len(report.live), "live lock"))


async def reading(summary: SyncSummary, items: Awaitable[int] | None) -> SyncSummary:
    """Step 2: Eagle's items are read, and how many; None without Eagle."""
    _log.info("Step 2: Pre-caching Eagle library...")
    if items is None:
        _log.info("   Skipped: EAGLE_API_BASE is off")
        return summary
    number = await items
    _log.info("   Cached %s", counted(number, "Eagle item"))
    return replace(summary, eagle_items_cached=number)


def say_listing(track_filter: str) -> None:
    """Before the rows are listed."""
    _log.info("Step 3: Querying tracks from Notion, filter %s...", track_filter)


def say_listed(number: int) -> None:
    """After the rows were listed."""
    _log.info("   Found %s matching criteria", counted(number, "track"))
