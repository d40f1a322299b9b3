"""New tracks of followed lists are put into Notion, in their lists' order, before a sync."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flows.following.added import Added
from flows.following.adding import Adding, WantedTrack, in_order_of_making
from flows.following.memory import ListMemory, RememberedList
from flows.following.sources import FollowedList
from flows.following.twins import give_up_twins
from tasks.errors import BadAddress, DownloadInterrupted, SourceError, SourceRateLimited
from tasks.shown_text import counted
from tasks.soundcloud.address import TRACK_KEY
from tasks.soundcloud.listing import read_list
from tasks.soundcloud.lists import ListedTrack, SourceList
from tasks.tracks import TrackResult

_log = logging.getLogger("flows.follow")


@dataclass(kw_only=True)
class Brought:
    """What came of the followed lists. `waiting` are the ids of rows a sync has to work on,
    `planned` the tracks that a dry run would add.
    """

    added: list[str] = field(default_factory=list)
    present: int = 0
    left: int = 0
    waiting: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    planned: list[TrackResult] = field(default_factory=list)

    def take(self, outcome: Added, left: int) -> None:
        """Add what came of one list; a track that two lists would bring is planned once."""
        self.added += outcome.added
        self.present += len(outcome.present)
        self.left += left
        self.waiting += outcome.waiting
        planned = {each.source_url for each in self.planned}
        self.planned += [each for each in outcome.planned if each.source_url not in planned]

    @property
    def headline(self) -> str:
        """What came, in one line."""
        said = [f"{counted(len(self.added), 'row')} added", f"{self.present} were there"]
        if self.problems:
            said.append(f"{counted(len(self.problems), 'list')} could not be read")
        return ", ".join(said)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: value for name, value in vars(self).items() if name != "planned"}


async def bring_all(
    lists: list[FollowedList],
    memory: ListMemory,
    new_adding: Callable[[], Adding],
    warn: Callable[[str], None],
) -> Brought:
    """Look at every list, and add what is new; one that cannot be read is reported once a day.

    `new_adding` gives a fresh one for each list; a dry one changes nothing, here neither. Raises
    NotionError.
    """
    brought = Brought()
    for followed in lists:
        remembered = memory.of(followed.address)
        adding = new_adding()
        try:
            await _bring(followed, remembered, adding, memory, brought, warn)
        except SourceError as error:
            brought.problems.append(f"{error} {error.remedy}")
            _tell_of_trouble(remembered, error, warn)
            if not adding.dry_run:
                memory.save(remembered)
    return brought


async def _bring(
    followed: FollowedList,
    remembered: RememberedList,
    adding: Adding,
    memory: ListMemory,
    brought: Brought,
    warn: Callable[[str], None],
) -> None:
    known = frozenset(remembered.numbers) if remembered.is_whole else frozenset()
    found = await read_list(adding.source, followed.address, known)
    name = followed.playlist or found.title
    in_list, order = set(remembered.numbers), in_order_of_making(followed.address, found)
    new = [track for track in order if track.number not in in_list]
    left = remembered.left(found)
    if followed.page_id:
        adding.relations[name] = followed.page_id
    wanted = await _wanted(new, name, adding)
    try:
        await adding.run(wanted.values())
        await give_up_twins(adding)
    finally:
        if not adding.dry_run:
            remembered.troubled_on = ""
            remembered.take(found, _dealt_with(wanted, adding))
            memory.save(remembered)
    _tell(name, found, adding, left, warn)
    brought.take(adding.outcome, len(left))


async def _wanted(new: list[ListedTrack], playlist: str, adding: Adding) -> dict[str, WantedTrack]:
    """The new tracks by their numbers, but for those with an address that is none."""
    wanted: dict[str, WantedTrack] = {}
    for track in new:
        try:
            wanted[track.number] = await adding.listed(track, playlist)
        except BadAddress as error:
            _log.warning("   %s: %s", track.url, error)
    return wanted


def _dealt_with(wanted: dict[str, WantedTrack], adding: Adding) -> dict[str, str]:
    """The tracks that have a row now, with its id, and those that SoundCloud will never give."""
    outcome = adding.outcome
    done: dict[str, str] = {}
    for number, one in wanted.items():
        keys = [*one.keys, f"{TRACK_KEY}{number}"]
        row = next((outcome.rows[key] for key in keys if key in outcome.rows), None)
        if row is not None:
            done[number] = row
        elif not outcome.gone.isdisjoint(keys):
            done[number] = ""
    return done


def _tell(
    name: str, found: SourceList, adding: Adding, left: list[str], warn: Callable[[str], None]
) -> None:
    outcome = adding.outcome
    would = "would come" if adding.dry_run else "new"
    tracks = counted(len(found.tracks), "track")
    _log.info("   %s: %s, %d %s", name, tracks, len(outcome.added), would)
    for label in outcome.added:
        _log.info("      %s", label)
    for url, reason in outcome.refused:
        _log.warning("      %s: %s", url, reason)
    if left:
        what = counted(len(left), "track")
        warn(f"{what} left the list {name!r} on SoundCloud; its rows and files stay.")


def _tell_of_trouble(
    remembered: RememberedList, error: SourceError, warn: Callable[[str], None]
) -> None:
    """Once a day what stays as it is, each time what will pass."""
    today = datetime.now(UTC).date().isoformat()
    will_pass = isinstance(error, SourceRateLimited | DownloadInterrupted)
    if remembered.troubled_on == today and not will_pass:
        _log.debug("%s %s", error, error.remedy)
        return
    remembered.troubled_on = today
    warn(f"{error} {error.remedy}")
