"""What Eagle tells about items, folders and its library, reduced to what the sync uses; which tags
an import carries, and what an item tells of its track by them. Pure.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.tracks import Track

_SOUNDCLOUD_ID = re.compile(r"\bsoundcloud:(\d+)\b")
FINGERPRINT_TAG = "fingerprint:"
_FINGERPRINT = re.compile(FINGERPRINT_TAG + r"([0-9a-f]{32}(?:[0-9a-f]{32})?)")
_HEX_64 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EagleItem:
    """One item of the library.

    `ext` is in lower case and without a dot, `size` in bytes, `duration` in seconds (None where
    Eagle does not know it, as for AIFF), `modification_time` (date added) in milliseconds.
    """

    id: str
    name: str
    ext: str
    url: str = ""
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    size: int = 0
    duration: float | None = None
    modification_time: int = 0
    is_deleted: bool = False
    annotation: str = ""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> EagleItem:
        """The item of an API record or a metadata.json; what has a wrong type counts as missing."""
        return cls(
            id=_text(record.get("id")),
            name=_text(record.get("name")),
            ext=sys.intern(_text(record.get("ext")).lower()),
            url=_text(record.get("url")),
            tags=_texts(record.get("tags")),
            folders=_texts(record.get("folders")),
            size=int(_number(record.get("size")) or 0),
            duration=_number(record.get("duration")),
            modification_time=int(_number(record.get("modificationTime")) or 0),
            is_deleted=record.get("isDeleted") is True,
            annotation=_text(record.get("annotation")),
        )

    @property
    def soundcloud_ids(self) -> frozenset[str]:
        """The SoundCloud ids written into tags (`soundcloud:123`) and the annotation."""
        return frozenset(
            found
            for text in (*self.tags, self.annotation)
            if "soundcloud:" in text
            for found in _SOUNDCLOUD_ID.findall(text)
        )

    @property
    def fingerprints(self) -> frozenset[str]:
        """The hashes in `fingerprint:` tags, 32 or 64 hex digits, in lower case."""
        return frozenset(
            found[1]
            for tag in self.tags
            if tag.startswith(FINGERPRINT_TAG) and (found := _FINGERPRINT.fullmatch(tag.lower()))
        )


@dataclass(frozen=True, slots=True)
class EagleFolder:
    """A folder and those in it."""

    id: str
    name: str
    children: tuple[EagleFolder, ...] = ()

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> EagleFolder:
        """The folder of an entry of `folder/list`."""
        children = record.get("children") or ()
        return cls(
            _text(record.get("id")),
            _text(record.get("name")),
            tuple(cls.of(child) for child in children if isinstance(child, Mapping)),
        )


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """The library that is open: its path as Eagle's machine names it, and its name."""

    path: str
    name: str


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(sys.intern(entry) for entry in value if type(entry) is str and entry)


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return None


def import_tags(track: Track, *, ext: str, fingerprint: str = "") -> list[str]:
    """The tags of an import, in this order and without repetition.

    Playlists, genres, `BPM{n}`, key, artist, `ext` (`wav` or `aiff`), `SoundCloud` for a track from
    there, `fingerprint:{64 hex}`, `soundcloud:{id}`; each only where it is known.
    """
    identity = track.soundcloud_id
    tags = [
        *track.playlists,
        *track.genres,
        f"BPM{round(track.bpm)}" if track.bpm and track.bpm > 0 else "",
        track.key,
        track.artist,
        ext.lower().lstrip("."),
        "SoundCloud" if track.soundcloud_url or identity else "",
        f"{FINGERPRINT_TAG}{fingerprint.lower()}" if _HEX_64.fullmatch(fingerprint.lower()) else "",
        f"soundcloud:{identity}" if identity else "",
    ]
    return list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def told_by_item(track: Track, item: EagleItem) -> Track:
    """The track with what it lacked and the item tells: SoundCloud's number, the hash, the artist.

    The artist is the beginning of a name `Artist - Title` where it is one of the tags, too.
    """
    numbers, hashes = sorted(item.soundcloud_ids), sorted(item.fingerprints, key=len)
    artist, divider, _ = item.name.partition(" - ")
    is_artist = bool(divider) and artist in item.tags
    return replace(
        track,
        soundcloud_id=track.soundcloud_id or (numbers[0] if len(numbers) == 1 else ""),
        fingerprint=track.fingerprint or (hashes[-1] if hashes else ""),
        artist=track.artist or (artist if is_artist else ""),
    )
