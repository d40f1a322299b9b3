"""A `.library` folder on disk and what Eagle keeps of it in memory.

Item files are written at once; `mtime.json` is marked dirty and written by `flush`, which the app
calls about a second later, as Eagle does (docs/facts/eagle.md, "The library on disk").
"""

from __future__ import annotations

import math
import os
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.eagle.disk.ids import is_id
from sandbox.eagle.wire import Record, dump, read_object

APPLICATION_VERSION = "4.0.0"
_BACKUPS_KEPT = 100


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item's record and the same as JSON bytes. Never changed in place, always replaced."""

    record: Record
    encoded: bytes


def is_library(path: Path) -> bool:
    """Does `path` hold `images/` and a `metadata.json` with an application version?"""
    if not (path / "images").is_dir():
        return False
    root = read_object(path / "metadata.json")
    return isinstance(root.get("applicationVersion"), str)


class Library:
    """One open library. Not thread-safe: the app holds its lock around every call."""

    def __init__(self, path: Path) -> None:
        """Opens the library in the folder `path`, which must exist; see `create`."""
        self.path = path
        self.name = path.name.removesuffix(".library")
        self.root = read_object(path / "metadata.json")
        for key in ("folders", "smartFolders", "quickAccess", "tagsGroups"):
            if not isinstance(self.root.get(key), list):
                self.root[key] = []
        self.items: dict[str, StoredItem] = {}
        self.unreadable: list[str] = []
        self._backups = deque(sorted(p.name for p in (path / "backup").glob("backup-*.json")))
        self._mtimes: dict[str, int] = {}
        self._mtimes_dirty = False
        self._load_items()

    @classmethod
    def create(cls, path: Path, *, modified: int) -> Library:
        """A new, empty library in the folder `path`; `modified` in milliseconds."""
        for folder in (path, path / "images", path / "backup"):
            folder.mkdir(parents=True)
        root: Record = {"applicationVersion": APPLICATION_VERSION}
        root |= {"folders": [], "smartFolders": []}
        root |= {"quickAccess": [], "tagsGroups": [], "modificationTime": modified}
        files: dict[str, object] = {"metadata.json": root, "mtime.json": {}}
        files |= {"tags.json": {"historyTags": [], "starredTags": []}}
        files |= {"saved-filters.json": [], "actions.json": []}
        for name, content in files.items():
            (path / name).write_bytes(dump(content))
        return cls(path)

    def item_folder(self, item_id: str) -> Path:
        """Where the files of the item `item_id` live."""
        return self.path / "images" / f"{item_id}.info"

    def original(self, record: Record) -> Path:
        """Where the item's own file lives; `<name>.<ext>`."""
        ext = f".{record['ext']}" if record.get("ext") else ""
        return self.item_folder(record["id"]) / f"{record['name']}{ext}"

    def thumbnail(self, record: Record) -> Path:
        """Where the item's picture lives, if it has one."""
        return self.item_folder(record["id"]) / f"{record['name']}_thumbnail.png"

    def add(self, record: Record) -> None:
        """Store a new item whose files already lie in `item_folder`."""
        encoded = dump(record)
        (self.item_folder(record["id"]) / "metadata.json").write_bytes(encoded)
        self._remember(record, encoded)

    def replace(self, record: Record) -> None:
        """Store a changed record of an existing item, so that no reader sees half of it."""
        encoded = dump(record)
        target = self.item_folder(record["id"]) / "metadata.json"
        _write_whole(target, encoded, self.path / f".{record['id']}.tmp")
        self._remember(record, encoded)

    def save_root(self, *, modified: int) -> None:
        """Write the folders, and a backup copy of them; the newest 100 stay."""
        self.root["modificationTime"] = modified
        encoded = dump(self.root)
        _write_whole(self.path / "metadata.json", encoded, self.path / ".metadata.tmp")
        stamp = datetime.fromtimestamp(modified / 1000).astimezone()
        name = f"backup-{stamp:%Y-%m-%d %H.%M.%S}.{modified % 1000:03d}.json"
        (self.path / "backup").mkdir(exist_ok=True)
        (self.path / "backup" / name).write_bytes(encoded)
        if name not in self._backups:
            self._backups.append(name)
        while len(self._backups) > _BACKUPS_KEPT:
            (self.path / "backup" / self._backups.popleft()).unlink(missing_ok=True)

    def flush(self) -> None:
        """Write `mtime.json` if it changed."""
        if self._mtimes_dirty:
            self._mtimes_dirty = False
            listed = self._mtimes | {"all": len(self.items) + len(self.unreadable)}
            _write_whole(self.path / "mtime.json", dump(listed), self.path / ".mtime.tmp")

    def _remember(self, record: Record, encoded: bytes) -> None:
        self.items[record["id"]] = StoredItem(record, encoded)
        self._mtimes[record["id"]] = int(record.get("lastModified") or 0)
        self._mtimes_dirty = True

    def _load_items(self) -> None:
        listed = read_object(self.path / "mtime.json")
        with os.scandir(self.path / "images") as entries:
            names = sorted(e.name for e in entries if e.name.endswith(".info") and e.is_dir())
        for item_id in filter(is_id, (name.removesuffix(".info") for name in names)):
            self._load_item(item_id, listed.get(item_id))
        known = len(self.items) + len(self.unreadable)
        self._mtimes_dirty = bool(known) and listed != self._mtimes | {"all": known}

    def _load_item(self, item_id: str, listed: object) -> None:
        file = self.item_folder(item_id) / "metadata.json"
        record = read_object(file)
        if not record:
            if file.exists():
                self.unreadable.append(item_id)
            return
        record = _complete(record, item_id)
        self.items[item_id] = StoredItem(record, dump(record))
        seen = listed if isinstance(listed, int) else 0
        self._mtimes[item_id] = max(seen, _whole(record.get("lastModified")))


def _complete(record: Record, item_id: str) -> Record:
    """`record` with the keys every list and filter reads, of the types they expect."""
    fallback: Record = {"name": item_id, "ext": "", "url": "", "annotation": ""}
    texts = {k: v for k, v in fallback.items() if not isinstance(record.get(k), str)}
    lists = {k: _texts(record.get(k)) for k in ("tags", "folders")}
    times = {k: _whole(record.get(k)) for k in ("size", "modificationTime")}
    return record | {"id": item_id} | texts | lists | times


def _texts(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _write_whole(target: Path, data: bytes, temporary: Path) -> None:
    temporary.write_bytes(data)
    temporary.replace(target)
