"""What Eagle tells about items, folders and its library, reduced to what the sync uses. Pure."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SOUNDCLOUD_ID = re.compile(r"\bsoundcloud:(\d+)\b")
FINGERPRINT_TAG = "fingerprint:"
_FINGERPRINT = re.compile(FINGERPRINT_TAG + r"([0-9a-f]{32}(?:[0-9a-f]{32})?)")


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
