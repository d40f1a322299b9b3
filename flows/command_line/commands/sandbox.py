"""`library-sync sandbox`: the stand-ins, served until stopped."""

from __future__ import annotations

from flows.command_line.command import Command, Group, Verbosity
from sandbox.cli import Options


def sandbox(
    *,
    options: Options = Options(),
    verbosity: Verbosity = Verbosity(),  # noqa: ARG001  (as every command has it)
) -> int:
    """Serve stand-ins for Notion, Eagle and SoundCloud."""
    from sandbox import cli

    return cli.run(options)


COMMAND = Command(
    run=sandbox,
    group=Group.TRY,
    examples=(("sandbox --port 8765 --tracks 40", "serve the stand-ins until Ctrl-C"),),
)
