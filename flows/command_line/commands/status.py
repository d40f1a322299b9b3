"""`library-sync status`: the library in numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import JsonFile
from flows.summary import ReturnCode


def status(
    *,
    json: JsonFile = None,
    html: Annotated[
        Path | None,
        Parameter(group="Output", help="Write the result as a page with charts; - for stdout."),
    ] = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Show the library at a glance."""
    import asyncio

    from flows.library.report import read_library
    from flows.prefect_server.credentials import command_settings
    from flows.progress.output import write_json, write_text
    from tasks.shown_text import shown

    settings = command_settings()
    verbosity.attach()
    report = asyncio.run(read_library(settings))
    if json is not None:
        write_json(json, report.to_dict())
    if html is not None:
        write_text(html, report.html())
    if Path("-") not in {json, html}:
        lines = report.lines(shutil.get_terminal_size().columns)
        print("\n".join(map(shown, lines)))
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=status,
    group=Group.LOOK,
    examples=(
        ("status", "the library at a glance"),
        ("status --html status.html", "the same as a page with charts"),
        ("status --json status.json", "the same for a program"),
    ),
)
