"""What became of the addresses that were to become rows, and in which words it is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tasks.errors import BadAddress, SyncError, TrackNotFound
from tasks.soundcloud.address import ONE_TRACK
from tasks.tracks import TrackResult

_A_TRACK_OR_LIST = (
    "Give the address of a track, like https://soundcloud.com/artist/title, or of a list."
)
_ONE_PLAYLIST = (
    "The playlists' property is a select, which holds one: make it a multi-select or a relation in "
    "Notion, or change the row by hand."
)


@dataclass(kw_only=True)
class Added:
    """What became of the addresses. `waiting` are the ids of the rows a sync has to work on,
    `finished` those of finished rows whose playlists are now others.

    `in_another` has for rows that can be in one playlist the one they are in.
    `planned` are tracks that a dry run would add.
    `rows` has the row of each track by its canonical keys, `gone` the keys of those that SoundCloud
    does not offer and will not.
    """

    dry_run: bool = False
    added: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    put_into_playlist: list[str] = field(default_factory=list)
    in_another: dict[str, str] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    planned: list[TrackResult] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        refused = [{"url": url, "reason": reason} for url, reason in self.refused]
        told = ("added", "present", "put_into_playlist", "in_another", "waiting")
        return {name: getattr(self, name) for name in told} | {"refused": refused}

    def lines(self) -> list[str]:
        """The outcome for a terminal."""
        new, added, into = ("new", "added", "now in the playlist too")
        if self.dry_run:
            new, added, into = ("would be added", "would be added", "would get the playlist")
        text = [f"   {new}: {label}" for label in self.added]
        text += [f"   refused: {_once(url, reason)}" for url, reason in self.refused]
        text += [f"   left in {other!r}: {label}" for label, other in self.in_another.items()]
        if self.in_another:
            text.append(f"   {_ONE_PLAYLIST}")
        numbers = f"{len(self.added)} {added}, {len(self.present)} there already"
        if self.put_into_playlist:
            numbers += f" ({len(self.put_into_playlist)} of them {into})"
        return [*text, f"{numbers}, {len(self.refused)} refused."]


def remedy_without_row(error: SyncError) -> str:
    """What helps where no row is there yet: other remedies speak of one."""
    if isinstance(error, TrackNotFound):
        return "Open it in a browser; what is private needs the address with s-… in it."
    if isinstance(error, BadAddress):
        return error.remedy.replace(ONE_TRACK, _A_TRACK_OR_LIST)
    return error.remedy


def _once(url: str, reason: str) -> str:
    """The reason, which mostly names the address."""
    return reason if not url or url in reason else f"{url}: {reason}"
