"""`library-sync setup`: the way to a first sync."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity


def setup(
    *,
    yes: Annotated[bool, Parameter(help="Ask nothing, agree to everything.")] = False,
    server: Annotated[
        bool, Parameter(help="Prepare the Prefect server alone; needs no credentials of Notion.")
    ] = False,
    verbosity: Verbosity = Verbosity(),  # noqa: ARG001  (as every command has it)
) -> int:
    """Ask for what is missing, write .env, complete the database, check everything."""
    from flows.setup import wizard

    return wizard.run(yes=yes, server=server)


COMMAND = Command(
    run=setup,
    group=Group.SET_UP,
    examples=(
        ("setup", "ask for what is missing, then check it all"),
        ("setup --yes", "ask nothing: complete the database, then check"),
        ("setup --server", "pool, limits and automations on the server that is named"),
    ),
)
