"""`library-sync batch`: the main job in small queries."""

from __future__ import annotations

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import SyncOptions


def batch(
    *,
    options: SyncOptions = SyncOptions(),
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Bring matching tracks in, a few at a time, for frequent runs."""
    from flows.command_line.sync_run import run_sync
    from flows.prefect_server.credentials import command_settings

    return run_sync("batch", options, command_settings(), verbosity)


COMMAND = Command(
    run=batch,
    group=Group.SYNC,
    examples=(
        ("batch --limit 10", "ten tracks, in small queries"),
        ("batch", "until nothing is left"),
    ),
)
