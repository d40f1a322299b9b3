"""What a run says when it begins: what it is about, and what it has found."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import replace

from flows.session.job import Job
from flows.session.opening import Run
from flows.summary import SyncSummary
from tasks.locks.cleanup import CleanupReport

_log = logging.getLogger("flows.library_sync")


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
    _log.info("   %s %d stale locks", done, len(report.cleared))
    if report.live:
        _log.info("   %d live locks of other processes stay", len(report.live))


async def reading(summary: SyncSummary, items: Awaitable[int] | None) -> SyncSummary:
    """Step 2: Eagle's items are read, and how many; None without Eagle."""
    _log.info("Step 2: Pre-caching Eagle library...")
    if items is None:
        _log.info("   Skipped: EAGLE_API_BASE is off")
        return summary
    number = await items
    _log.info("   Cached %d Eagle items", number)
    return replace(summary, eagle_items_cached=number)


def say_listing(track_filter: str) -> None:
    """Before the rows are listed."""
    _log.info("Step 3: Querying tracks from Notion, filter %s...", track_filter)


def say_listed(number: int) -> None:
    """After the rows were listed."""
    _log.info("   Found %d tracks matching criteria", number)
