"""`library-sync cleanup`: the locks of crashed processes go."""

from __future__ import annotations

from typing import Any

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import DryRun, JsonFile
from flows.summary import ReturnCode


def cleanup(
    *,
    dry_run: DryRun = False,
    json: JsonFile = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Free the locks of crashed processes."""
    from flows.command_line.sync_run import ready_prefect, run_with
    from flows.prefect_server.credentials import command_settings
    from flows.progress.output import write_json

    settings = command_settings()
    line = verbosity.attach()
    ready_prefect(verbosity, settings)
    from flows.cleanup_locks import cleanup_locks  # Prefect takes seconds

    async def call() -> Any:
        ended = await cleanup_locks(dry_run=dry_run, return_state=True)
        return await ended.aresult()

    counts = run_with(settings, line, call)
    if json is not None:
        write_json(json, counts)
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=cleanup,
    group=Group.MEND,
    examples=(
        ("cleanup", "free the rows of crashed processes"),
        ("cleanup --dry-run", "say which locks are stale"),
    ),
)
