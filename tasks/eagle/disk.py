"""The items of a library on a disk that this machine sees, re-read only where they changed.

`mtime.json` tells when each item was changed last (docs/facts/eagle.md, "The library on disk").
What a run knew is kept with those times; the next run lists the folders, compares, and reads the
rest: tens of milliseconds for 20,000 items, where asking Eagle takes a second of its window's time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tasks.disk.strict_json import parse_json
from tasks.disk.whole_files import read_document, write_whole
from tasks.eagle.records import EagleItem

_ATTEMPTS = 3
_PAUSE = 0.1
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class DiskReading:
    """Every item, trashed ones too, with its stamp (ms); `read` of them were read anew."""

    items: Mapping[str, Remembered]
    read: int


class DiskLibrary:
    """A `.library` folder, read and never written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_readable(self) -> bool:
        """True if the folder is an Eagle library that can be read from here."""
        try:
            root = parse_json((self.path / "metadata.json").read_bytes())
            return isinstance(root.get("applicationVersion"), str) and bool(self.stamps())
        except (OSError, ValueError, AttributeError):
            return False

    def stamps(self) -> dict[str, int]:
        """When each item was changed last, by id; empty if `mtime.json` cannot be read."""
        try:
            found = parse_json((self.path / "mtime.json").read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        found.pop("all", None)
        return {name: int(at) for name, at in found.items() if isinstance(at, int | float)}

    def read(self, remembered: Mapping[str, Remembered], *, at_most: int) -> DiskReading | None:
        """What `remembered` and the disk say together; None if more than `at_most` are new to us.

        None, too, if an item cannot be read at all: then Eagle itself must be asked.
        """
        stamps = self.stamps()
        try:
            ids = [entry.name[:-5] for entry in os.scandir(self.path / "images") if _is_item(entry)]
        except OSError:
            return None
        known: dict[str, Remembered] = {}
        changed: list[str] = []
        for item_id in ids:
            entry = remembered.get(item_id)
            if entry is not None and item_id in stamps and entry.stamp == stamps[item_id]:
                known[item_id] = entry
            else:
                changed.append(item_id)
        if len(changed) > at_most:
            return None
        for item_id in changed:
            item = self._read_item(item_id)
            if item is None:
                return None
            known[item_id] = Remembered(item, stamps.get(item_id, -1))
        return DiskReading(known, len(changed))

    def _read_item(self, item_id: str) -> EagleItem | None:
        """The item, or None. Eagle may be writing it at this moment, so it is read again.

        Source: docs/facts/eagle.md, "The library on disk".
        """
        file = self.path / "images" / f"{item_id}.info" / "metadata.json"
        for attempt in range(_ATTEMPTS):
            try:
                record: Any = parse_json(file.read_bytes())
                return replace(EagleItem.of(record), id=item_id)
            except FileNotFoundError:
                return EagleItem(id=item_id, name="", ext="", is_deleted=True)
            except (OSError, ValueError, AttributeError):
                if attempt + 1 < _ATTEMPTS:
                    time.sleep(_PAUSE)
        return None


def as_remembered(items: Iterable[EagleItem], stamps: Mapping[str, int]) -> dict[str, Remembered]:
    """What to remember of a list that Eagle gave, with the stamps read before it was asked.

    An id that had a stamp and is not in the list is in the trash.
    """
    found = {item.id: Remembered(item, stamps.get(item.id, -1)) for item in items}
    for item_id, stamp in stamps.items():
        if item_id not in found:
            found[item_id] = Remembered(
                EagleItem(id=item_id, name="", ext="", is_deleted=True), stamp
            )
    return found


def _is_item(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".info") and len(entry.name) in {18, 41}


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
