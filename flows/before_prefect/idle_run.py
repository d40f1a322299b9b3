"""A run that finds nothing to do ends before Prefect is there, which would record just that.

Only where it is certain: no row may need work, nothing is followed, no command of the user's waits
for the run's end. All else is left to the flow, which takes over what was begun.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from time import monotonic

from flows.before_prefect.beginning import Beginning
from flows.before_prefect.job import Job
from flows.following.followed import Followed
from flows.reporting.closing import close_run
from flows.reporting.files import run_log
from flows.reporting.opening_lines import (
    CLEARING,
    READING_EAGLE,
    announce,
    say_cleared,
    say_listed,
    say_listing,
    say_not_clearing,
    say_read,
)
from flows.reporting.remembering import remembered
from flows.rows.selecting import needs_work, select_tracks
from flows.rows.short_links import follow_short_links
from flows.session.head_start import HeadStart
from flows.session.opening import Run, open_session
from flows.summary import SyncSummary
from tasks.errors import SyncError
from tasks.locks.cleanup import CleanupReport
from tasks.tracks import Track, TrackFilter

_log = logging.getLogger("flows.library_sync")

_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class _Findings:
    """What was looked at; None for what this run does not look at."""

    cleared: CleanupReport | None
    items: int | None
    tracks: list[Track]


async def idle_run(beginning: Beginning, job: Job) -> SyncSummary | None:
    """The summary of the run, over and told as every run; None if there may be something to do.

    A long listing is not waited for: Prefect starts meanwhile.
    """
    began = monotonic()
    if job.track_filter is TrackFilter.ALL:  # finished rows are looked at, too
        return None
    looking = asyncio.ensure_future(_findings(beginning))
    await asyncio.wait([looking], timeout=_PATIENCE_SECONDS)
    if not looking.done():
        looking.cancel()
        return None
    findings = looking.result()
    return None if findings is None else await _end(findings, job, began)


async def _findings(beginning: Beginning) -> _Findings | None:
    """None if there may be something to do, as soon as that is known, or if something failed."""
    head = beginning.head
    try:
        connections = await asyncio.shield(beginning.opening)
        rows = await asyncio.shield(beginning.rows)
        if connections.settings.hook_after_run or any(needs_work(connections, r) for r in rows):
            return None
        what: Followed = await asyncio.shield(head.followed) if head.followed else Followed()
        if what.lists or what.warnings:
            return None
        cleared = await asyncio.shield(head.clearing) if head.clearing else None
        items = await asyncio.shield(head.index) if head.index else None
        rows = await follow_short_links(connections, rows)
        if not _is_whole(head) or any(needs_work(connections, row) for row in rows):
            return None
        return _Findings(cleared, items, rows)
    except SyncError:
        return None


def _is_whole(head: HeadStart) -> bool:
    return head.listing is not None and head.listing.is_whole


async def _end(findings: _Findings, job: Job, began: float) -> SyncSummary:
    async with open_session(dry_run=job.dry_run) as run, run_log(run.state.folder):
        settings, state = run.connections.settings, run.state
        state.track_filter = job.track_filter
        summary = SyncSummary(
            mode=job.mode,
            track_filter=job.track_filter,
            found=len(findings.tracks),
            dry_run=settings.dry_run,
            stale_locks_cleared=len(findings.cleared.cleared) if findings.cleared else 0,
            eagle_items_cached=findings.items or 0,
        )
        _say(run, findings, job)
        with remembered(settings, state, summary):
            tracks = findings.tracks
            selection = await select_tracks(run.connections, state, tracks, job.limit)
            summary = replace(summary, results=tuple(selection.skipped))
        title = f"{job.title} COMPLETE"
        return await close_run(settings, state, summary, title=title, began=began)


def _say(run: Run, findings: _Findings, job: Job) -> None:
    announce(f"{job.title} MODE", run, job.limit, job.workers, debug=job.debug)
    _log.info(CLEARING)
    if findings.cleared is not None:
        say_cleared(findings.cleared)
    elif not job.cleanup:
        say_not_clearing()
    _log.info(READING_EAGLE)
    say_read(findings.items)
    say_listing(job.track_filter)
    say_listed(len(findings.tracks))
