"""The account of a run, from its opening lines to its report; without Prefect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from flows.reporting.closing import close_run
from flows.reporting.files import run_log
from flows.reporting.opening_lines import announce
from flows.reporting.remembering import remembered
from flows.session.job import Job
from flows.session.opening import Run
from flows.summary import SyncSummary

Steps = Callable[[Run, SyncSummary], Awaitable[SyncSummary]]


async def told(run: Run, job: Job, steps: Steps, began: float) -> SyncSummary:
    """What `steps` make of the run's summary, told and kept, also where it is stopped.

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
