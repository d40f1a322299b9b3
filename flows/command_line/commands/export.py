"""`library-sync export`: the library for players and for rekordbox."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import by_value
from flows.summary import ReturnCode
from tasks.exports.kinds import ExportKind

_log = logging.getLogger("flows.commands")


def export(
    kind: Annotated[
        ExportKind,
        Parameter(name="KIND", name_transform=by_value(ExportKind), help="Which files to make."),
    ],
    /,
    *,
    playlist: Annotated[str, Parameter(help="Only this playlist (default: all).")] = "",
    out: Annotated[
        Path | None,
        Parameter(help="A folder for m3u, a file for rekordbox (default: beside the copies)."),
    ] = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Make the playlists' M3U8 files, or the library's XML for rekordbox."""
    import asyncio

    from flows.exporting.making import export_library
    from flows.prefect_server.credentials import command_settings

    settings = command_settings()
    verbosity.attach()
    made = asyncio.run(export_library(settings, kind, playlist.strip(), out))
    for line in made.lines():
        _log.info("%s", line)
    if made.problems:
        return ReturnCode.FAILED
    return ReturnCode.PROCESSED if made.files else ReturnCode.NOTHING_TO_DO


COMMAND = Command(
    run=export,
    group=Group.HAND_ON,
    examples=(
        ("export m3u", "every playlist, beside its copies"),
        ('export m3u --playlist "Late Night" --out /Volumes/USB', "one of them, onto a stick"),
        ("export rekordbox --out ~/Music/library.xml", "for rekordbox's Preferences"),
    ),
)
