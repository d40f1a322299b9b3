"""The Eagle app behind the API: which library is open, and everything that changes it.

What each call means is in docs/facts/eagle.md; the files are `disk`. Times are milliseconds.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from sandbox.eagle.disk.folders import find_folder, insert_folder, new_folder
from sandbox.eagle.disk.ids import IdMint
from sandbox.eagle.disk.library import Library, StoredItem, is_library
from sandbox.eagle.disk.names import sanitize_name
from sandbox.eagle.edits import trashed
from sandbox.eagle.imports.item import Import, bare_record, bring_in, given_source
from sandbox.eagle.imports.records import ItemFields
from sandbox.eagle.imports.sources import ImportRefused, Source
from sandbox.eagle.scheduler import Scheduler
from sandbox.eagle.wire import Record
from sandbox.ledger import Ledger

_FLUSH_AFTER = 1.0


class NoSuchLibrary(Exception):
    """The path to switch to holds no library."""


class EagleApp:
    """One running Eagle. Attributes without an underscore may be set at any time:

    `import_delay` (seconds, from-to), `lose_imports` (share of imports that never appear),
    `switch_delay` (seconds until a switch asked for over HTTP takes effect), `pictures` (draw
    waveforms), `token` (None: other machines need none), `stopped` (read by the fault layer),
    `ledger`. `lost` lists the imports that never appeared, as (id, reason).
    """

    def __init__(
        self,
        libraries_dir: Path,
        *,
        library_name: str = "Sandbox",
        import_delay: tuple[float, float] = (0.05, 0.2),
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.import_delay = import_delay
        self.lose_imports = 0.0
        self.switch_delay = 0.2
        self.pictures = True
        self.token: str | None = None
        self.stopped = False
        self.ledger = Ledger()
        self.lost: list[tuple[str, str]] = []
        self.lock = threading.RLock()
        self._dir = libraries_dir.absolute()
        self._clock = clock
        self._random = random.Random(seed)
        self._mint = IdMint(clock, seed)
        self._scheduler = Scheduler()
        self._pending: set[str] = set()
        self._flush_due = False
        self._dir.mkdir(parents=True, exist_ok=True)
        self.library = self._open(self._dir / f"{library_name}.library", create=True)

    def now(self) -> int:
        """Milliseconds since 1970 by the app's clock."""
        return int(self._clock() * 1000)

    def new_id(self) -> str:
        """An id that nothing in the open library has."""
        return self._mint.new(lambda made: made in self.library.items or made in self._pending)

    def close(self) -> None:
        """Quit: pending imports are dropped, what was written late is written now."""
        self._scheduler.close()
        with self.lock:
            self.library.flush()

    # Items

    def find(self, item_id: object) -> StoredItem | None:
        """The item `item_id`, trashed or not, once it has appeared."""
        return self.library.items.get(item_id) if isinstance(item_id, str) else None

    def items(self) -> list[StoredItem]:
        """Every item of the open library, trashed ones too, as of now."""
        with self.lock:
            return list(self.library.items.values())

    def import_later(self, source: Source, fields: ItemFields) -> str:
        """Queue an import and return the item's id, which `find` knows only once it is done."""
        with self.lock:
            made = self.new_id()
            self._pending.add(made)
            lost = self._random.random() < self.lose_imports
            delay = self._random.uniform(*self.import_delay)
        job, library = Import(made, source, fields), self.library
        self._scheduler.after(delay, lambda: self._import(job, library, lost=lost))
        return made

    def replace_item(self, record: Record) -> Record:
        """Store the changed record of an item, its file renamed with it, and return it."""
        with self.lock:
            old = self.library.items[record["id"]].record
            record = record | {"lastModified": max(self.now(), old.get("lastModified", 0) + 1)}
            if record["name"] != old["name"]:
                self._rename_files(old, record)
            self.library.replace(record)
            self.flush_later()
        changed = [k for k in record.keys() | old.keys() if record.get(k) != old.get(k)]
        facts = {"id": record["id"], "changed": sorted(changed)}
        self.ledger.commit("eagle", "item.update", **facts, library=str(self.library.path))
        return record

    def trash(self, item_ids: Iterable[str]) -> None:
        """Move items to the trash; unknown ids are ignored."""
        for item_id in item_ids:
            with self.lock:
                item = self.find(item_id)
                if item is None or item.record.get("isDeleted"):
                    continue
                now = self.now()
                self.library.replace(trashed(item.record, now) | {"lastModified": now})
                self.flush_later()
            where = str(self.library.path)
            self.ledger.commit("eagle", "item.trash", id=item_id, library=where)

    def add_item(  # noqa: PLR0913 - seeding names every part of a record it sets
        self,
        path_or_bytes: Path | str | bytes | None = None,
        *,
        name: str,
        ext: str,
        url: str = "",
        tags: Iterable[str] = (),
        folders: Iterable[str] = (),
        size: int | None = None,
        duration: float | None = None,
        modification_time: int | None = None,
    ) -> str:
        """Put an item into the library at once and return its id; seeding, not in the ledger.

        Without a file only the record is written, with the given `size` (bytes) and `duration`
        (seconds). `modification_time` is the date added, in ms.
        """
        fields = ItemFields(
            sanitize_name(name), tuple(tags), tuple(folders), url, "", modification_time
        )
        with self.lock:
            item_id = self.new_id()
            if path_or_bytes is None:
                where = self.library.item_folder(item_id)
                record = bare_record(where, fields, ext, self.now(), size or 0, duration)
            else:
                job = Import(item_id, given_source(path_or_bytes, ext), fields)
                record = bring_in(job, self.library, self.now(), picture=False)
                given = {"size": size, "duration": duration}
                record |= {k: v for k, v in given.items() if v is not None}
            self.library.add(record)
            self.flush_later()
        return item_id

    # Folders

    def create_folder(self, name: str, parent: str | None = None) -> str:
        """Make a folder, at the root if `parent` is unknown, and return its id; seeding."""
        return str(self._make_folder(name, parent)["id"])

    def add_folder(self, name: str, parent: object) -> Record:
        """Make a folder; names need not be unique (docs/facts/eagle.md, "V1 calls")."""
        folder = self._make_folder(name, parent)
        told = {"id": folder["id"], "name": name, "parent": parent}
        self.ledger.commit("eagle", "folder.create", **told, library=str(self.library.path))
        return folder

    def _make_folder(self, name: str, parent: object) -> Record:
        with self.lock:
            folder = new_folder(self.new_id(), name, self.now())
            insert_folder(self.library.root["folders"], folder, parent)
            self.library.save_root(modified=self.now())
        return folder

    def folder(self, folder_id: object) -> tuple[Record, ...] | None:
        """The path to a folder, from the root to itself."""
        return find_folder(self.library.root["folders"], folder_id)

    def is_folder(self, folder_id: object) -> bool:
        """Is `folder_id` a folder of the open library?"""
        return self.folder(folder_id) is not None

    # Libraries

    def switch_library(self, path_or_name: Path | str) -> None:
        """Open another library now, as the user may at any time.

        A bare name is a library beside the first one, made if it is missing. Imports that are
        still pending are lost, as when Eagle reloads. Raises NoSuchLibrary.
        """
        named = Path(path_or_name)
        bare = len(named.parts) == 1 and not named.is_absolute()
        path = self._dir / f"{named.name.removesuffix('.library')}.library" if bare else named
        with self.lock:
            opened = self._open(path, create=bare)
            self.library.flush()
            self.library = opened
            self._pending.clear()
        self.ledger.commit("eagle", "library.switch", library=str(opened.path))

    def switch_later(self, path: str) -> None:
        """Open the library at `path` after `switch_delay`. Raises NoSuchLibrary at once."""
        if not is_library(Path(path)):
            raise NoSuchLibrary(path)
        self._scheduler.after(self.switch_delay, lambda: self.switch_library(Path(path)))

    def flush_later(self) -> None:
        """Write `mtime.json` in about a second."""
        if not self._flush_due:
            self._flush_due = True
            self._scheduler.after(_FLUSH_AFTER, self._flush)

    def _flush(self) -> None:
        with self.lock:
            self._flush_due = False
            self.library.flush()

    def _import(self, job: Import, library: Library, *, lost: bool) -> None:
        try:
            self._check(library, lost=lost)
            record = bring_in(job, library, self.now(), picture=self.pictures)
        except (ImportRefused, OSError) as error:
            self._pending.discard(job.item_id)
            self.lost.append((job.item_id, str(error)))
            return
        self._appear(record, library)
        told = {key: record[key] for key in ("id", "name", "ext", "url", "folders", "tags")}
        self.ledger.commit("eagle", "item.add", **told, library=str(library.path))

    def _check(self, library: Library, *, lost: bool) -> None:
        if lost:
            raise ImportRefused("Lost on purpose.")
        if library is not self.library:
            raise ImportRefused("The library was closed before the import began.")

    def _appear(self, record: Record, library: Library) -> None:
        with self.lock:
            paths = (find_folder(library.root["folders"], f) for f in record["folders"])
            auto = [tag for path in paths if path for tag in path[-1]["tags"]]
            record["tags"] = list(dict.fromkeys([*record["tags"], *auto]))
            library.add(record)
            self._pending.discard(record["id"])
            self.flush_later()
            if library is not self.library:
                library.flush()

    def _rename_files(self, old: Record, new: Record) -> None:
        for where in (self.library.original, self.library.thumbnail):
            if where(old).exists():
                where(old).rename(where(new))

    def _open(self, path: Path, *, create: bool) -> Library:
        if is_library(path):
            return Library(path)
        if create and not path.exists():
            return Library.create(path, modified=self.now())
        raise NoSuchLibrary(str(path))
