"""What a run knew of a library's items, kept for the next one in a file of our own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.disk.whole_files import read_document, write_whole
from tasks.eagle.records import EagleItem

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """An item and the `mtime.json` stamp (ms) it was read at; -1 if it had none."""

    item: EagleItem
    stamp: int


class ItemCache:
    """One file per library in `folder`. A cache that cannot be read or written is no error."""

    def __init__(self, folder: Path, library_path: str) -> None:
        digest = hashlib.sha256(library_path.encode()).hexdigest()[:16]
        self._file = folder / f"items-{digest}.json"
        self._library = library_path

    def load(self) -> dict[str, Remembered]:
        """What was remembered, by id; empty if there is nothing usable."""
        return read_document(self._file, self._understood) or {}

    def _understood(self, stored: Any) -> dict[str, Remembered]:
        """Another format or library is nothing of use, and no damage."""
        if (stored["format"], stored["library"]) != (_FORMAT, self._library):
            return {}
        return {row[0]: _from_row(row) for row in stored["items"]}

    def save(self, items: Mapping[str, Remembered]) -> None:
        """Replace what was remembered, whole or not at all."""
        rows = [_to_row(entry) for entry in items.values()]
        stored = {"format": _FORMAT, "library": self._library, "items": rows}
        with contextlib.suppress(OSError):
            write_whole(self._file, json.dumps(stored, ensure_ascii=False, separators=(",", ":")))


def _to_row(entry: Remembered) -> list[Any]:
    item = entry.item
    row = [item.id, entry.stamp, item.name, item.ext, item.url, item.tags, item.folders]
    return [
        *row,
        item.size,
        item.duration,
        item.modification_time,
        item.is_deleted,
        item.annotation,
    ]


def _from_row(row: list[Any]) -> Remembered:
    item_id, stamp, name, ext, url, tags, folders, size, duration, added, deleted, annotation = row
    item = EagleItem(
        id=item_id,
        name=name,
        ext=sys.intern(ext),
        url=url,
        tags=_interned(tags),
        folders=_interned(folders),
        size=size,
        duration=duration,
        modification_time=added,
        is_deleted=deleted,
        annotation=annotation,
    )
    return Remembered(item, stamp)


def _interned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(sys.intern, texts))
