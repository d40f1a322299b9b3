"""A run that finds nothing to do ends before Prefect is there, which would record just that.

Only where it is certain: no row may need work, nothing is followed, no command of the user's waits
for the run's end. All else is left to the flow, which takes over what was begun.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeVar

from flows.before_prefect.beginning import Beginning
from flows.following.sources import Followed
from flows.reporting.account import clearing, reading, run_and_report, say_listed, say_listing
from flows.rows.selecting import needs_work, select_tracks
from flows.rows.short_links import follow_short_links
from flows.session.head_start import HeadStart
from flows.session.job import Job
from flows.session.opening import Run, open_session
from flows.summary import SyncSummary
from tasks.errors import SyncError
from tasks.locks.cleanup import CleanupReport
from tasks.tracks import Track, TrackFilter

T = TypeVar("T")

_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class _Findings:
    """What was looked at; `items` is None without Eagle."""

    cleared: CleanupReport
    items: int | None
    tracks: list[Track]


async def idle_run(beginning: Beginning, job: Job) -> SyncSummary | None:
    """The summary of the run, over and reported as every run; None if there may be something to do.

    A long listing is not waited for: Prefect starts meanwhile.
    """
    began = monotonic()
    if job.filter is TrackFilter.ALL:  # finished rows are looked at, too
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
        following = await asyncio.shield(head.followed) if head.followed else Followed()
        if following.lists or following.warnings:
            return None
        cleared = await asyncio.shield(head.clearing) if head.clearing else CleanupReport()
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
    tracks, items = findings.tracks, findings.items

    async def steps(run: Run, summary: SyncSummary) -> SyncSummary:
        summary = await clearing(summary, _known(findings.cleared) if job.cleanup else None)
        summary = await reading(summary, None if items is None else _known(items))
        say_listing(job.filter)
        say_listed(len(tracks))
        selection = await select_tracks(run.connections, run.state, tracks, job.limit)
        return replace(summary, found=len(tracks), results=tuple(selection.skipped))

    async with open_session(dry_run=job.dry_run) as run:
        return await run_and_report(run, job, steps, began)


async def _known(value: T) -> T:
    return value
