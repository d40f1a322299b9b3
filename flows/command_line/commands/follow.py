"""`library-sync follow`: new tracks of a list come with each sync."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.options import JsonFile
from flows.command_line.wrong_words import WrongWords
from flows.summary import ReturnCode

_log = logging.getLogger("flows.commands")


def follow(
    url: Annotated[
        str | None,
        Parameter(name="URL", help="A playlist, or an account's tracks, likes or reposts."),
    ] = None,
    /,
    *,
    playlist: Annotated[
        str, Parameter(help="The playlist their tracks go into (default: the list's title).")
    ] = "",
    list_: Annotated[bool, Parameter(name="--list", help="Show which lists are followed.")] = False,
    json: JsonFile = None,
    verbosity: Verbosity = Verbosity(),
) -> int:
    """Follow a SoundCloud list: each sync brings its new tracks."""
    import asyncio

    if (url is None) != list_:
        raise WrongWords("Give the address of a list, or --list.", "follow")
    from flows.following.subscriptions import follow_list, followed_lists
    from flows.prefect_server.credentials import command_settings
    from flows.progress.output import write_json
    from tasks.shown_text import shown

    settings = command_settings()
    verbosity.attach()
    if url is not None:
        found = [asyncio.run(follow_list(settings, url, playlist.strip()))]
        verb = "Would follow" if settings.dry_run else "Following"
        _log.info("%s %s. Its tracks come with the next sync.", verb, found[0].line())
        if found[0].hint():
            _log.info("%s", found[0].hint())
    else:
        found = asyncio.run(followed_lists(settings))
    if list_ and json != Path("-"):
        print("\n".join(shown(each.line()) for each in found) or "Nothing is followed.")  # noqa: T201
    if json is not None:
        write_json(json, {"followed": [asdict(each) for each in found]})
    return ReturnCode.PROCESSED


COMMAND = Command(
    run=follow,
    group=Group.SYNC,
    examples=(
        ("follow https://soundcloud.com/artist/sets/name", "whatever is added to this playlist"),
        (
            'follow https://soundcloud.com/me/likes --playlist "Liked"',
            "what I like from now on",
        ),
        ("follow --list", "which lists are followed"),
    ),
)
