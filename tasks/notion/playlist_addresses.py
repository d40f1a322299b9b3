"""The `SoundCloud URL` of playlists' pages: what each playlist follows, as Notion shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tasks.notion.client import NotionClient
from tasks.notion.listing import list_rows
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
        for name in _NAMES:
            kind = found["properties"].get(name, {}).get("type")
            if kind in _TYPES:
                return cls(client, data_source_id, name, kind)
        return None

    async def read(self) -> list[PlaylistAddress]:
        """Every playlist whose property is filled, oldest first. Raises NotionError."""
        filled = {"and": [{"property": self._name, self._kind: {"is_not_empty": True}}]}
        return [
            PlaylistAddress(
                page["id"], page_title(page), plain_text(page["properties"].get(self._name)).strip()
            )
            async for page in list_rows(self._client, self._source, filled)
        ]

    async def of(self, page_id: str) -> str:
        """What stands in one page's property now."""
        page = await retrying(lambda: self._client.page(page_id), PATIENT)
        return plain_text(page["properties"].get(self._name)).strip()

    async def write(self, page_id: str, text: str) -> None:
        """Set the property; an empty text clears it. Raises NotionError."""
        value: object = text or None
        if self._kind == "rich_text":
            value = [{"type": "text", "text": {"content": text}}] if text else []
        properties = {self._name: {self._kind: value}}
        await retrying(lambda: self._client.update_page(page_id, properties), PATIENT)
