"""`library-sync sync`: the main job."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.endings import WrongWords
from flows.command_line.options import SyncOptions, by_value, up_to_most_workers
from tasks.errors import ErrorType


def sync(
    *,
    options: SyncOptions = SyncOptions(),
    retry_failed: Annotated[
        bool, Parameter(help="Only rows that failed before, even those not due yet.")
    ] = False,
    error: Annotated[
        ErrorType | None,
        Parameter(
            name_transform=by_value(ErrorType),
            help="With --retry-failed: only rows with this error.",
        ),
    ] = None,
    distribute: Annotated[
        int | None,
        Parameter(
            validator=up_to_most_workers,
            help="Hand the work out in N shares to the workers of the Prefect server's pool.",
        ),
    ] = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Bring all matching tracks into the library."""
    if error is not None and not retry_failed:
        raise WrongWords("--error goes with --retry-failed.", "sync")
    from flows.command_line.sync_run import run_sync
    from flows.prefect_server.credentials import command_settings

    more = {"retry_failed": retry_failed, "error": error, "distribute": distribute}
    return run_sync("sync", options, command_settings(), verbosity, more=more)


COMMAND = Command(
    run=sync,
    group=Group.SYNC,
    examples=(
        ("sync", "all unprocessed tracks"),
        ("sync --limit 50 --parallel", "fifty of them, four at a time"),
        ("sync --filter missing_eagle", "repair rows without an Eagle id"),
        ("sync --retry-failed", "try the rows that failed, all of them"),
        ("sync --retry-failed --error SC_Geo_Blocked", "only those with this error"),
        ("sync --dry-run", "say what would be done, change nothing"),
    ),
)
