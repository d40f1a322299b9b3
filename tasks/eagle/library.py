"""One Eagle library during a run: its index, its folders, imports that happen exactly once.

Eagle answers an import before it has happened, adds duplicates without a word, and its user may
open another library at any time (docs/facts/eagle.md, "Imports" and "V1 calls"). So the library is
looked at before and after every change, an item counts once it has appeared, and what may have been
asked for already is looked for before it is asked for again.
"""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.audio.inspecting import pcm_hash
from tasks.eagle.addresses import KeyOf, address_keys
from tasks.eagle.folders import PlaylistFolders, plain_name
from tasks.eagle.imports import Imports, Key, Patience
from tasks.eagle.index import EagleIndex
from tasks.eagle.lengths import holds_as_much
from tasks.eagle.pending import PendingImports
from tasks.eagle.reading import read_items
from tasks.eagle.records import FINGERPRINT_TAG, EagleItem, LibraryInfo
from tasks.errors import (
    ConfigurationError,
    EagleLibraryChanged,
    FileError,
    SyncError,
)
from tasks.locks.clock import SystemTicks
from tasks.locks.track_locks import HeldRow

if TYPE_CHECKING:
    from tasks.eagle.client import EagleClient

_log = logging.getLogger("tasks.eagle.library")

_IMPORTS_AT_ONCE = 2
_EXTENSIONS = ("wav", "aiff")


class EagleLibrary:
    """The library that was open when the run began. Use `open`, then `load`, in one event loop."""

    def __init__(
        self,
        client: EagleClient,
        info: LibraryInfo,
        key_of: KeyOf,
        *,
        state_dir: Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.client = client
        self.info = info
        self._key_of = key_of
        self._cache_dir = state_dir / "items" if state_dir else None
        notes = PendingImports(state_dir / "imports" if state_dir else None)
        self._imports = Imports(client, key_of, notes, patience or Patience(), SystemTicks())
        self._folders = PlaylistFolders(client)
        self._gate = asyncio.Semaphore(_IMPORTS_AT_ONCE)
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._edits = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        client: EagleClient,
        *,
        expected_path: Path | None = None,
        key_of: KeyOf | None = None,
        state_dir: Path | None = None,
        patience: Patience | None = None,
    ) -> EagleLibrary:
        """The library that is open now; its index is empty until `load`.

        `key_of` must be the function that keys the rows' addresses (`address_keys(hosts)`).
        `state_dir` keeps imports in flight over a crash, and what is known of the items for the
        next run. Raises EagleUnavailable if Eagle does not run or has no library open,
        ConfigurationError if another than `expected_path` is open.
        """
        info = await client.library()
        if expected_path is not None and not _is_same(client, info.path, expected_path):
            raise ConfigurationError(
                f"Eagle has {info.path} open; EAGLE_LIBRARY_PATH names {expected_path}.",
                remedy="Open that library in Eagle, or correct EAGLE_LIBRARY_PATH.",
            )
        key_of = key_of or address_keys()
        return cls(client, info, key_of, state_dir=state_dir, patience=patience)

    @property
    def index(self) -> EagleIndex:
        """The library's items, once they are loaded."""
        return self._imports.index

    async def load(self) -> int:
        """Read the whole library into the index; the number of live items.

        One request to Eagle, or a look at the disk (`reading`).
        """
        await self.require_open()
        found = await read_items(self.client, self.info.path, self._cache_dir)
        await self.require_open()
        self._imports.index = await asyncio.to_thread(EagleIndex.of, found.items, self._key_of)
        self.index.note_trashed(found.trashed)
        _log.debug("Eagle items: %d of %s from %s", len(self.index), self.info.path, found.source)
        return len(self.index)

    async def require_open(self) -> None:
        """Raises EagleLibraryChanged if another library is open than when the run began."""
        now = await self.client.library()
        if now.path != self.info.path:
            raise EagleLibraryChanged(
                f"Eagle has opened {now.path}; this run began with {self.info.path}.",
            )

    async def folder_for(self, playlist: str) -> str:
        """The id of `Playlists/{playlist}`, found or made once."""
        return await self._folders.id_of(playlist)

    async def import_file(
        self,
        path: Path,
        *,
        name: str,
        website: str,
        tags: Sequence[str],
        playlist: str = "",
        lock: HeldRow,
    ) -> EagleItem:
        """The item of the file at `path`, seen in Eagle: imported, or there already.

        An item of the same address, extension and length, from whichever run, is adopted; a
        fingerprint among `tags` goes to it only if its own sound has that hash. `lock` is the
        row's. Raises EagleUnavailable (another attempt looks first), EagleRefused,
        EagleImportLost, EagleLibraryChanged, LeaseLost, FileError.
        """
        size = await asyncio.to_thread(_size_of, path)
        key = (self._key_of(website) if website else "", path.suffix.lstrip(".").lower())
        async with self._turns[key] if key[0] else asyncio.Lock():
            fits = partial(self.holds_as_much, ours=path)
            found = await self._imports.there_already(key, website, fits)
            if found is not None:
                tags = await asyncio.to_thread(_true_of, self.file_path(found), tags)
                return await self.adopt(found, tags=tags, playlist=playlist)
            ask = partial(self.client.add_from_path, path, name=name, website=website, tags=tags)
            item, folder = await self._asked_for(ask, key, path, size, playlist, lock)
            if folder and folder not in item.folders:
                self._folders.forget(playlist)
                item = await self.adopt(item, tags=tags, playlist=playlist)
        return item

    async def _asked_for(
        self,
        ask: Callable[..., Awaitable[str]],
        key: Key,
        path: Path,
        size: int,
        playlist: str,
        lock: HeldRow,
    ) -> tuple[EagleItem, str]:
        """The item, asked for while our library was open, and the folder it was asked into."""
        async with self._gate:
            await self.require_open()
            folder = await self.folder_for(playlist) if playlist else ""
            into_folder = partial(ask, folder_id=folder)
            try:
                return await self._imports.ask_for(into_folder, key, size, path.name, lock), folder
            finally:
                await self.require_open()

    async def catch_up(self, website: str) -> None:
        """Bring the index up to date on one recording: others may have imported it meanwhile, or
        may have been killed with its import under way, which is waited for.
        """
        await self._imports.learn(website)
        for extension in _EXTENSIONS:
            key = (self._key_of(website), extension)
            if key[0] and not self.index.find(url_key=key[0], ext=extension):
                item = await self._imports.asked_before(key)
                if item is not None:
                    self.index.add(item)

    async def adopt(self, item: EagleItem, *, tags: Sequence[str], playlist: str = "") -> EagleItem:
        """The item with our tags beside its own, and in the playlist's folder where Eagle can.

        An Eagle without V2 cannot put an existing item into a folder: that is left, and logged.
        Nothing is asked of Eagle that the item has already.
        """
        async with self._edits:
            folder = self._folders.known(playlist)
            if set(tags) <= set(item.tags) and (not playlist or folder in item.folders):
                self.index.add(item)
                return item
            await self.require_open()
            folder = await self.folder_for(playlist) if playlist else ""
            item = await self.client.extend(item.id, tags=tags, folder_id=folder)
            self.index.add(item)
        if folder and folder not in item.folders:
            _log.info("%s stays outside Playlists/%s: this Eagle cannot move it", item.id, playlist)
        return item

    async def read_folders(self) -> None:
        """Learn the playlists' folders, for `lacks`. Raises EagleError."""
        await self._folders.read()

    def lacks(self, item: EagleItem, tags: Sequence[str], playlist: str) -> bool:
        """True if `adopt` would have something to ask of Eagle."""
        return not (set(tags) <= set(item.tags) and self._folders.known(playlist) in item.folders)

    def left_by(self, item: EagleItem, playlists: Iterable[str]) -> Sequence[str]:
        """The playlists below `Playlists/` whose folder the item lies in, and that are none of its
        own `playlists`; asks nobody.
        """
        own = {plain_name(name) for name in playlists}
        return [name for name in self._folders.holding(item) if name not in own]

    async def leave(self, item: EagleItem, playlist: str) -> EagleItem:
        """The item without the playlist's folder and tag. Raises EagleError."""
        async with self._edits:
            await self.require_open()
            folder = self._folders.known(playlist)
            item = await self.client.shorten(item.id, tag=playlist, folder_id=folder)
            self.index.add(item)
        return item

    async def holds_as_much(self, item: EagleItem, ours: Path) -> bool:
        """True if the item is as long as our proven file: whatever is adopted was asked this."""
        return await asyncio.to_thread(holds_as_much, item, self.file_path(item), ours)

    @property
    def folder(self) -> Path:
        """The library's folder as this machine sees it, whether it can be seen or not."""
        return self.client.path_map.from_eagle(self.info.path)

    def file_path(self, item: EagleItem) -> Path | None:
        """The item's file as this machine sees it; None if it cannot be seen from here."""
        folder = Path(self.folder, "images", f"{item.id}.info")
        try:
            exact = folder / f"{item.name}.{item.ext}"
            return exact if exact.is_file() else _similar(folder, exact.name)
        except OSError:
            return None


def _true_of(file: Path | None, tags: Sequence[str]) -> list[str]:
    """The tags without a fingerprint that is not the file's own, or cannot be looked at."""
    named = [tag for tag in tags if tag.startswith(FINGERPRINT_TAG)]
    heard = None
    with suppress(SyncError):
        heard = pcm_hash(file) if named and file else None
    return [tag for tag in tags if tag not in named or tag == f"{FINGERPRINT_TAG}{heard}"]


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror}).") from error


def _is_same(client: EagleClient, eagles: str, ours: Path) -> bool:
    """True if Eagle's path and ours are one folder, mapped or linked."""
    named = client.path_map.to_eagle(ours)
    if _plain(named) == _plain(eagles):
        return True
    try:
        return client.path_map.from_eagle(eagles).samefile(ours.expanduser())
    except OSError:
        return False


def _plain(path: str) -> str:
    text = unicodedata.normalize("NFC", path.rstrip("/\\"))
    return text.replace("\\", "/").casefold() if ":" in text[:2] else text


def _similar(folder: Path, name: str) -> Path | None:
    """The file whose name differs in case or composition only, else the single non-thumbnail."""
    files = [file for file in folder.iterdir() if _is_original(file)]
    wanted = unicodedata.normalize("NFC", name).casefold()
    for file in files:
        if unicodedata.normalize("NFC", file.name).casefold() == wanted:
            return file
    return files[0] if len(files) == 1 else None


def _is_original(file: Path) -> bool:
    return file.is_file() and file.name != "metadata.json" and not file.stem.endswith("_thumbnail")
