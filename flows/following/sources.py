"""What is followed: the playlists' pages that name a list in Notion, and this machine's own lists.

A page's `SoundCloud URL` is the better place, since every machine sees it; a list is kept on this
machine where the playlists database has no such property, or where the page names another list
already and the property, of type URL, has no room for a second.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from flows.following.memory import ListMemory
from flows.session.connections import Connections
from flows.settings import Settings
from tasks.errors import BadAddress, NotionNotFound
from tasks.notion.client import NotionClient
from tasks.notion.new_rows import NewRows
from tasks.notion.playlist_addresses import PlaylistAddress, PlaylistAddresses
from tasks.notion.playlists import PlaylistNames
from tasks.notion.properties import Field
from tasks.notion.schema import Schema
from tasks.notion.source import data_source_id
from tasks.soundcloud.lists import ListAddress, parse_list_address

_log = logging.getLogger("flows.follow")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class FollowedList:
    """A list that is followed. `playlist` is where its tracks go ("": a playlist of its title).

    `page_id` is the playlist's page where that names the list, "" where this machine does.
    `is_crowded_out` says that the page has no room for it, as `add` found.
    """

    address: ListAddress
    playlist: str = ""
    page_id: str = ""
    is_crowded_out: bool = False


class Sources:
    """Both places, read and written. `warn` gets a sentence for a page whose address is no list."""

    def __init__(
        self,
        settings: Settings,
        notion: NotionClient,
        schema: Schema,
        names: PlaylistNames,
        memory: ListMemory,
        warn: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._notion = notion
        self._schema = schema
        self._names = names
        self._memory = memory
        self._warn = warn

    async def all(self) -> list[FollowedList]:
        """Every list, each once, those of Notion first. Raises NotionError."""
        found: dict[str, FollowedList] = {}
        for each in [*await self._of_pages(), *self._ours()]:
            found.setdefault(each.address.key, each)
        return list(found.values())

    async def add(self, address: ListAddress, playlist: str, rows: NewRows) -> FollowedList:
        """Follow a list into `playlist`; its page is made if it is missing. Raises NotionError."""
        pages = await self._pages()
        page_id = await rows.playlist(playlist) if pages is not None else None
        if pages is not None and page_id is not None:
            stands = await pages.of(page_id)
            is_named = any(_key(word) == address.key for word in stands.split())
            if is_named or not stands or pages.hold_several:
                if not is_named:
                    await pages.write(page_id, "\n".join([*stands.split(), address.url]))
                return FollowedList(address=address, playlist=playlist, page_id=page_id)
        remembered = self._memory.of(address)
        remembered.url, remembered.playlist, remembered.is_ours = address.url, playlist, True
        self._memory.save(remembered)
        is_crowded_out = page_id is not None
        return FollowedList(address=address, playlist=playlist, is_crowded_out=is_crowded_out)

    async def remove(self, address: ListAddress) -> None:
        """Stop following a list; its pages keep what else they name. Rows and files stay."""
        found = {each.page_id for each in await self._of_pages() if each.address.key == address.key}
        pages = await self._pages() if found else None
        for page_id in found:
            if pages is not None:
                others = _without(address, await pages.of(page_id))
                await pages.write(page_id, "\n".join(others))
        self._memory.forget(address)

    def _ours(self) -> list[FollowedList]:
        return [
            FollowedList(address=each.address, playlist=each.playlist)
            for each in self._memory.all()
            if each.is_ours
        ]

    async def _of_pages(self) -> list[FollowedList]:
        found = []
        for page in await self._addresses():
            for text in page.text.split():
                try:
                    address = parse_list_address(text)
                except BadAddress as error:
                    self._warn(
                        f"The playlist {page.name!r} is not followed: {error} {error.remedy}"
                    )
                    continue
                found.append(
                    FollowedList(address=address, playlist=page.name, page_id=page.page_id)
                )
        return found

    async def _addresses(self) -> list[PlaylistAddress]:
        read = partial(PlaylistAddresses.read, self._notion, names=self._names)
        return await self._of_database(read) or []

    async def _pages(self) -> PlaylistAddresses | None:
        """The playlists database's property; None where there is no database, or no property."""
        return await self._of_database(partial(PlaylistAddresses.open, self._notion))

    async def _of_database(self, look: Callable[[str], Awaitable[T]]) -> T | None:
        """What `look` finds in the playlists database; None where there is none."""
        try:
            source = await self._data_source()
            return await look(source) if source else None
        except NotionNotFound as error:
            _log.debug("The playlists database cannot be read: %s", error)
            return None

    async def _data_source(self) -> str:
        if Field.PLAYLISTS in self._schema:
            related = self._schema[Field.PLAYLISTS].config.get("data_source_id")
            if related:
                return str(related)
        database = self._settings.playlists_db_id
        return await data_source_id(self._notion, database) if database else ""


def _without(address: ListAddress, text: str) -> list[str]:
    """The words of a page's property that are not this list's address."""
    return [word for word in text.split() if _key(word) != address.key]


def _key(word: str) -> str:
    try:
        return parse_list_address(word).key
    except BadAddress:
        return word


@dataclass(frozen=True)
class Followed:
    """The lists, and what is to be said of those that are none."""

    lists: Sequence[FollowedList] = ()
    warnings: Sequence[str] = ()


async def followed(connections: Connections) -> Followed:
    """Every list that is followed. Raises NotionError."""
    warnings: list[str] = []
    sources = Sources(
        connections.settings,
        connections.notion,
        connections.schema,
        connections.playlists,
        ListMemory(connections.settings.state_dir),
        warnings.append,
    )
    return Followed(await sources.all(), warnings)
