"""`Playlists/{playlist}` in Eagle: found or made, each once."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tasks.eagle.records import EagleFolder, EagleItem

if TYPE_CHECKING:
    from tasks.eagle.client import EagleClient

_PARENT = "Playlists"


class PlaylistFolders:
    """The ids of playlist folders. Eagle makes a second folder of a name without a word, so all
    look-ups wait for each other, and nothing is made before a fresh list lacked it."""

    def __init__(self, client: EagleClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}
        self._parent = ""
        self._is_read = False
        self._turn = asyncio.Lock()

    async def id_of(self, playlist: str) -> str:
        """The folder's id. `Playlists` counts at the root only, the playlist only within it."""
        name = plain_name(playlist)
        async with self._turn:
            if name not in self._ids:
                self._read(await self._client.folders())
            if not self._parent:
                self._parent = await self._client.create_folder(_PARENT)
            if name not in self._ids:
                self._ids[name] = await self._client.create_folder(playlist.strip(), self._parent)
            return self._ids[name]

    async def read(self) -> None:
        """Learn all of them, once. Raises EagleError."""
        async with self._turn:
            if not self._is_read:
                self._read(await self._client.folders())

    def known(self, playlist: str) -> str:
        """The folder's id without asking Eagle; "" if it was not looked for yet."""
        return self._ids.get(plain_name(playlist), "")

    def holding(self, item: EagleItem) -> dict[str, str]:
        """The playlists whose folder the item lies in, as far as they were read: ids by name."""
        return {name: folder for name, folder in self._ids.items() if folder in item.folders}

    def forget(self, playlist: str) -> None:
        """The folder is gone in Eagle: look again the next time."""
        self._ids.pop(plain_name(playlist), None)

    def _read(self, roots: Iterable[EagleFolder]) -> None:
        self._is_read = True
        parents = [folder for folder in roots if plain_name(folder.name) == _PARENT]
        self._parent = parents[0].id if parents else ""
        known = [child for parent in parents for child in parent.children]
        self._ids = {plain_name(child.name): child.id for child in reversed(known)}


def plain_name(name: str) -> str:
    """A playlist's name as its folder is found by."""
    return unicodedata.normalize("NFC", name.strip())
