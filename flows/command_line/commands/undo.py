"""`library-sync undo`: merged rows come apart again."""

from __future__ import annotations

import logging
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.signals import run_until_stopped
from flows.summary import ReturnCode

_log = logging.getLogger("flows.commands")


def undo(
    run: Annotated[
        str | None, Parameter(name="RUN", help="The run's name; without it, the runs are listed.")
    ] = None,
    /,
    *,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Take back the merges of a run."""
    from flows.command_line.sync_run import hand_down  # noqa: PLC0415
    from flows.rows.undo import journalled_runs, undo_run  # noqa: PLC0415
    from flows.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    line = verbosity.attach()
    if run is None:
        print("\n".join(journalled_runs(settings.state_dir)) or "No run has merged rows.")  # noqa: T201
        return ReturnCode.PROCESSED

    async def call() -> int:
        hand_down(settings, line)
        return await undo_run(run)

    _log.info("%d rows restored", run_until_stopped(call))
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=undo,
    group=Group.MEND,
    examples=(
        ("undo", "which runs merged rows"),
        ("undo 20261124-030000-1a2b3c4d", "restore what that run merged"),
    ),
)
