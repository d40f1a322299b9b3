"""The `SoundCloud URL` of playlists' pages: what each playlist follows, as Notion shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tasks.notion.client import NotionClient
from tasks.notion.listing import list_rows
from tasks.notion.playlists import PlaylistNames
from tasks.notion.properties import FIELDS, Field
from tasks.notion.rows import page_title
from tasks.notion.values import plain_text
from tasks.retrying import PATIENT, retrying

_NAMES = FIELDS[Field.SOUNDCLOUD_URL].names
_TYPES = ("url", "rich_text")


@dataclass(frozen=True)
class PlaylistAddress:
    """A playlist's page, its name, and what stands in its `SoundCloud URL`."""

    page_id: str
    name: str
    text: str


class PlaylistAddresses:
    """The property, in a playlists database that has it."""

    def __init__(self, client: NotionClient, data_source_id: str, name: str, kind: str) -> None:
        self._client = client
        self._source = data_source_id
        self._name = name
        self._kind = kind

    @classmethod
    async def open(cls, client: NotionClient, data_source_id: str) -> Self | None:
        """The property of that database; None if it has none. One request."""
        found = await retrying(lambda: client.data_source(data_source_id), PATIENT)
        return cls._among(client, data_source_id, found["properties"])

    @classmethod
    def _among(
        cls, client: NotionClient, data_source_id: str, properties: Mapping[str, Any]
    ) -> Self | None:
        for name in _NAMES:
            kind = properties.get(name, {}).get("type")
            if kind in _TYPES:
                return cls(client, data_source_id, name, kind)
        return None

    @classmethod
    async def read(
        cls, client: NotionClient, data_source_id: str, names: PlaylistNames
    ) -> list[PlaylistAddress]:
        """Every playlist whose property is filled, oldest first.

        The first hundred playlists show whether there is such a property, and `names` learns what
        they are called; beyond them a second query asks for the filled ones. Raises NotionError.
        """
        pages, are_all = await names.first_of(data_source_id)
        there = cls._among(client, data_source_id, pages[0]["properties"]) if pages else None
        if there is None:
            return []
        return there.filled_among(pages) if are_all else await there.filled()

    async def filled(self) -> list[PlaylistAddress]:
        """Every playlist whose property is filled, oldest first. Raises NotionError."""
        filled = {"and": [{"property": self._name, self._kind: {"is_not_empty": True}}]}
        listed = list_rows(self._client, self._source, filled)
        return self.filled_among([page async for page in listed])

    def filled_among(self, pages: Sequence[Mapping[str, Any]]) -> list[PlaylistAddress]:
        """Those of the pages whose property is filled."""
        told = [PlaylistAddress(page["id"], page_title(page), self._text(page)) for page in pages]
        return [each for each in told if each.text]

    def _text(self, page: Mapping[str, Any]) -> str:
        return plain_text(page["properties"].get(self._name)).strip()

    @property
    def hold_several(self) -> bool:
        """Whether a page may name several lists; a property of type URL is one link."""
        return self._kind == "rich_text"

    async def of(self, page_id: str) -> str:
        """What stands in one page's property now."""
        return self._text(await retrying(lambda: self._client.page(page_id), PATIENT))

    async def write(self, page_id: str, text: str) -> None:
        """Set the property; an empty text clears it. Raises NotionError."""
        value: object = text or None
        if self._kind == "rich_text":
            value = [{"type": "text", "text": {"content": text}}] if text else []
        properties = {self._name: {self._kind: value}}
        await retrying(lambda: self._client.update_page(page_id, properties), PATIENT)
