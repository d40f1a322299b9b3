"""The flow `cleanup-locks`: free the rows of processes that are gone."""

import logging
from typing import Any

from prefect import flow, get_client
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State

from flows.prefect_server.limits import has_server
from flows.prefect_server.orphans import close_orphans
from flows.prefect_server.outage import record_gap
from flows.prefect_server.run_pages import NO_RESULTS, done, named, sent_to_the_run, verdict
from flows.reporting.account import say_cleared
from flows.session.connections import Connections
from flows.session.opening import open_session
from flows.session.run_state import RunState
from tasks.locks.cleanup import CleanupReport
from tasks.locks.order import machines_in
from tasks.locks.stage import clear_stale_locks
from tasks.notion.properties import Field
from tasks.notion.queries import iterate_locked
from tasks.shown_text import counted

_log = logging.getLogger("flows.cleanup")


@flow(name="cleanup-locks", flow_run_name=named("cleanup-locks"), **NO_RESULTS)
async def cleanup_locks(
    dry_run: bool = False,  # noqa: FBT001, FBT002  (a form's field)
) -> State[Any]:
    """Free every row whose lock nobody holds any more.

    Args:
        dry_run: Say which locks are stale, and change nothing.
    """
    with verdict() as ending, sent_to_the_run():
        async with open_session(dry_run=dry_run, with_eagle=False) as run:
            report = await clean_up(run.connections, run.state)
        say_cleared(report)
        summary = _counts(report)
        if not report.dry_run:
            await _close_orphans()
        rows = "\n".join(f"| {name} | {number} |" for name, number in summary.items())
        with record_gap("the table of locks"):
            await acreate_markdown_artifact(
                f"## Locks\n\n| | Rows |\n|---|---:|\n{rows}",
                key="cleanup-locks",
                description="Locks",
            )
        ending.state = done(summary, _said(report))
    return ending.state


def _said(report: CleanupReport) -> str:
    freed = "would be freed" if report.dry_run else "freed"
    stale = counted(len(report.cleared), "stale lock")
    said = [f"{stale} {freed}", f"{counted(len(report.live), 'live one')} left alone"]
    if undecided := len(report.contested) + len(report.failed):
        said.append(f"{undecided} left to the next cleanup")
    return ", ".join(said)


async def clean_up(connections: Connections, state: RunState) -> CleanupReport:
    """Step 1 of every run; an empty report where the database has no lock property."""
    if Field.LOCK not in connections.schema:
        return CleanupReport(dry_run=connections.settings.dry_run)
    report = await clear_stale_locks(
        connections.locks,
        iterate_locked(connections.notion, connections.schema),
        connections.settings.state_dir / "locks",
        state.head_start.take_clearing(),
        dry_run=connections.settings.dry_run,
    )
    state.machines = machines_in(report.locks[page_id] for page_id in report.live)
    return report


async def _close_orphans() -> None:
    """The flow runs of killed runs, on a server that several of them shared."""
    if not has_server():
        return
    with record_gap("the end of runs that were killed"):
        async with get_client() as client:
            closed = await close_orphans(client)
        if closed:
            _log.info("   Closed %d flow runs of runs that are gone", closed)


def _counts(report: CleanupReport) -> dict[str, int]:
    names = ("cleared", "live", "contested", "failed", "unparseable")
    return {name: len(getattr(report, name)) for name in names}
