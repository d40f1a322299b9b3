"""`library-sync undo`: merged rows come apart again."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import DryRun
from flows.summary import ReturnCode

_log = logging.getLogger("flows.commands")


def undo(
    run: Annotated[
        str | None, Parameter(name="RUN", help="The run's name; without it, the runs are listed.")
    ] = None,
    /,
    *,
    apart: Annotated[
        list[str] | None,
        Parameter(
            name="--apart",
            consume_multiple=True,
            help="The links of two rows in Notion that are no duplicates and stay apart.",
        ),
    ] = None,
    dry_run: DryRun = False,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Undo the merges of a run; its rows are not merged again."""
    from flows.command_line.sync_run import run_with
    from flows.prefect_server.credentials import command_settings
    from flows.rows.undo import keep_apart, merges_told, undo_run

    settings = command_settings()
    line = verbosity.attach()
    if run is None and not apart:
        print(merges_told(settings.state_dir))
        return ReturnCode.PROCESSED
    settings = replace(settings, dry_run=settings.dry_run or dry_run)

    async def call() -> int:
        if apart:
            await keep_apart(apart)
        return await undo_run(run) if run else 0

    number = run_with(settings, line, call)
    if run:
        from tasks.shown_text import counted

        verb = "would be restored" if settings.dry_run else "restored"
        _log.info("%s %s", counted(number, "row"), verb)
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=undo,
    group=Group.MEND,
    examples=(
        ("undo", "which runs merged rows"),
        ("undo 20261124-030000-1a2b3c4d", "restore what that run merged"),
        ("undo --apart LINK LINK", "two rows that are no duplicates"),
    ),
)
