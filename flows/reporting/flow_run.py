"""A run as a flow run of Prefect's: cared for, reported, published; and the state it ends in."""

from __future__ import annotations

from time import monotonic
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.prefect_server.run_pages import public
from flows.prefect_server.worker_run import cared_for
from flows.reporting.account import Steps, run_and_report
from flows.reporting.artifacts import publish
from flows.reporting.notification import notify_not_begun
from flows.session.job import Job
from flows.session.opening import open_session, run_settings
from flows.summary import ReturnCode, SyncSummary
from tasks.errors import SyncError


async def run_steps(job: Job, steps: Steps) -> State[Any]:
    """The state of a run that does `steps`. Raises a SyncError if it cannot begin."""
    began = monotonic()
    try:
        async with cared_for(), open_session(dry_run=job.dry_run) as run:
            summary = await run_and_report(run, job, steps, began)
            await publish(summary)
    except SyncError as error:
        if not job.dry_run:
            await notify_not_begun(await run_settings(), job.mode, error)
        raise
    return as_state(summary)


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
