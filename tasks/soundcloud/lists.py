"""Lists that can be followed, and the one form of their addresses. Pure.

A playlist, or an account's tracks, likes or reposts. A playlist has an order of its own; the others
come newest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tasks.errors import BadAddress
from tasks.soundcloud.address import account_words, parse_set_address
from tasks.soundcloud.information import SourceFacts

Json = Mapping[str, Any]

_REMEDY = (
    "Give a playlist, or an account's tracks, likes or reposts: "
    "https://soundcloud.com/artist/sets/name, https://soundcloud.com/artist/likes."
)


class ListKind(StrEnum):
    """What is behind the address of a list."""

    SET = "sets"
    TRACKS = "tracks"
    LIKES = "likes"
    REPOSTS = "reposts"


@dataclass(frozen=True)
class ListAddress:
    """A list's address as it is asked for, and `key`, by which two addresses are compared."""

    kind: ListKind
    url: str

    @property
    def shown(self) -> str:
        """The address without its secret part, for logs and messages."""
        words = self.url.partition("?")[0].split("/")
        return "/".join(words[:6] if self.kind is ListKind.SET else words)

    @property
    def key(self) -> str:
        """The address without its secret part, in lower case."""
        return self.shown.removeprefix("https://").casefold()


@dataclass(frozen=True, kw_only=True)
class ListedTrack:
    """A track of a list: SoundCloud's number of it, its address, what the list says of it."""

    number: str
    url: str
    facts: SourceFacts | None = None


@dataclass(frozen=True, kw_only=True)
class SourceList:
    """A list as it is now: its name and its tracks in its own order, each once.

    `is_whole` is False if reading ended at a page of known tracks: older ones may follow. `others`
    counts entries that are no tracks: playlists that somebody likes.
    """

    title: str
    tracks: tuple[ListedTrack, ...]
    is_whole: bool = True
    others: int = 0


def parse_list_address(text: str) -> ListAddress:
    """The list that `text` names; an account's page means its tracks. Raises BadAddress."""
    words = account_words(text)
    if len(words) == 1:
        words = (words[0], ListKind.TRACKS)
    if len(words) == 2 and words[1].lower() in set(ListKind) - {ListKind.SET}:
        kind = ListKind(words[1].lower())
        return ListAddress(kind, f"https://soundcloud.com/{words[0]}/{kind}")
    try:
        return ListAddress(ListKind.SET, parse_set_address(text))
    except BadAddress as error:
        raise BadAddress(
            f"{text.strip()!r} is no list that can be followed.", remedy=_REMEDY
        ) from error


def heard_facts(track: Json) -> SourceFacts:
    """What SoundCloud's API says of a track, as yt-dlp would have told it."""
    publisher = track.get("publisher_metadata") or {}
    user = track.get("user") or {}
    return SourceFacts(
        soundcloud_id=str(track.get("id") or ""),
        title=str(track.get("title") or ""),
        uploader=str(user.get("username") or ""),
        artist=str(publisher.get("artist") or ""),
        genre=str(track.get("genre") or ""),
        webpage_url=str(track.get("permalink_url") or ""),
    )
