"""`library-sync follow`: new tracks of a list come with each sync."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.command_line.command import Command, Group, Verbosity
from flows.command_line.endings import WrongWords
from flows.command_line.options import JsonFile
from flows.summary import ReturnCode

if TYPE_CHECKING:
    from flows.following.subscriptions import Subscription

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
    if url is None:
        found = asyncio.run(followed_lists(settings))
        if json != Path("-"):
            print("\n".join(shown(each.line()) for each in found) or "Nothing is followed.")
    else:
        found = [asyncio.run(follow_list(settings, url, playlist.strip()))]
        _say_followed(found[0], is_trial=settings.dry_run)
    if json is not None:
        write_json(json, {"followed": [asdict(each) for each in found]})
    return ReturnCode.PROCESSED


def _say_followed(chosen: Subscription, *, is_trial: bool) -> None:
    verb = "Would follow" if is_trial else "Following"
    _log.info("%s %s. Its tracks come with the next sync.", verb, chosen.line())
    if chosen.hint:
        _log.info("%s", chosen.hint)


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
