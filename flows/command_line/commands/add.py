"""`library-sync add`: addresses of SoundCloud become rows."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import DryRun, JsonFile, SyncOptions
from flows.summary import ReturnCode
from tasks.tracks import TrackFilter

_log = logging.getLogger("flows.commands")


def add(
    urls: Annotated[
        list[str],
        Parameter(
            name="URL", help="A track, a playlist, or an account's tracks, likes or reposts."
        ),
    ],
    /,
    *,
    playlist: Annotated[
        str, Parameter(help="The playlist they belong to (default: the list's title).")
    ] = "",
    dry_run: DryRun = False,
    sync: Annotated[bool, Parameter(help="Then bring these tracks in at once.")] = False,
    json: JsonFile = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Add SoundCloud tracks, or whole lists of them, to Notion."""
    import asyncio

    from flows.command_line.sync_run import run_sync
    from flows.following.adding import add_tracks
    from flows.prefect_server.credentials import command_settings
    from flows.progress.output import write_json

    settings = command_settings()
    settings = replace(settings, dry_run=settings.dry_run or dry_run)
    verbosity.attach()
    outcome = asyncio.run(add_tracks(settings, urls, playlist.strip()))
    for text in outcome.lines():
        _log.info("%s", text)
    only = frozenset([*outcome.waiting, *outcome.finished])
    if sync and only and not settings.dry_run:
        rows = TrackFilter.ALL if outcome.finished else TrackFilter.UNPROCESSED
        options = SyncOptions(parallel=True, json=json, filter=rows)
        return run_sync("sync", options, settings, verbosity, only=only)
    if json is not None:
        write_json(json, outcome.to_dict())
    return ReturnCode.PROCESSED if outcome.added or outcome.present else ReturnCode.FAILED


COMMAND = Command(
    run=add,
    group=Group.SYNC,
    examples=(
        ("add https://soundcloud.com/artist/track", "one track"),
        ("add https://soundcloud.com/artist/sets/name --sync", "a whole set, and bring it in"),
        ('add URL URL --playlist "Late Night"', "into this playlist"),
    ),
)
