"""`library-sync why`: what is known of one row."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import JsonFile
from flows.summary import ReturnCode


def why(
    row: Annotated[
        str, Parameter(name="ROW", help="A track's address, or a row's link or id in Notion.")
    ],
    /,
    *,
    json: JsonFile = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Explain one row: what it is, what a sync would do with it, and why."""
    from flows.command_line.sync_run import run_with
    from flows.prefect_server.credentials import command_settings
    from flows.progress.output import write_json
    from flows.rows.why import why as explain
    from tasks.shown_text import shown

    settings = command_settings()
    found = run_with(settings, verbosity.attach(), lambda: explain(row))
    if json is not None:
        write_json(json, {"rows": [each.to_dict() for each in found]})
    if str(json) != "-":
        print("\n".join(shown(text) for each in found for text in each.lines()))
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=why,
    group=Group.LOOK,
    examples=(
        ("why https://soundcloud.com/artist/track", "the rows of this track"),
        ("why https://www.notion.so/Title-0123…", "the row of this page"),
    ),
)
