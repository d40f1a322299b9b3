"""What the catalogue holds: tracks and playlists."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from sandbox.soundcloud.conditions import Condition, Details

WEB = "https://soundcloud.com"
ORIGINAL_KINDS = ("wav", "aiff", "flac", "mp3")

# Letters that no decomposition turns into ASCII.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ı": "i"})


@dataclass(frozen=True, kw_only=True)
class SampleTrack:
    """One track. `seconds` is its whole length; `secret` is empty unless it was added private.

    `original` is the kind of the uploaded file if that is offered, one of ORIGINAL_KINDS.
    """

    id: int
    url: str
    title: str
    artist: str
    seconds: float
    genre: str
    condition: Condition = Condition.ORDINARY
    details: Details = field(default_factory=dict)
    artist_slug: str
    slug: str
    secret: str = ""
    original: str = ""
    original_needs_login: bool = True

    @property
    def path(self) -> str:
        """`artist/title`, as the address has it."""
        return f"{self.artist_slug}/{self.slug}"


@dataclass(frozen=True, kw_only=True)
class SampleSet:
    """A playlist of track ids; `secret` is empty unless it is private."""

    id: int
    url: str
    title: str
    artist: str
    artist_slug: str
    slug: str
    tracks: tuple[int, ...]
    secret: str = ""

    @property
    def path(self) -> str:
        """`artist/sets/title`, as the address has it."""
        return f"{self.artist_slug}/sets/{self.slug}"


def slug_of(text: str) -> str:
    """Small ASCII letters and digits with hyphens between, as SoundCloud makes of a name."""
    latin = text.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = "".join(letter if letter.isalnum() else " " for letter in plain.replace("'", ""))
    return "-".join(words.split())
