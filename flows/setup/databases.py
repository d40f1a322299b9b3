"""The databases that are shared with the integration: which there are, which looks like tracks, and
the properties it lacks: those that the product writes, no others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.errors import NotionError
from tasks.notion.client import NotionClient
from tasks.notion.properties import FIELDS, Field, offered
from tasks.notion.schema import Schema
from tasks.notion.source import data_source_id
from tasks.shown_text import counted

_A_PAGE = 100
_PAGES_COUNTED = 10


@dataclass(frozen=True, kw_only=True)
class SharedDatabase:
    """One database as a person chooses it; `rows` is None where they could not be counted."""

    id: str
    source_id: str
    title: str
    has_address: bool
    rows: int | None = None
    has_more: bool = False

    @property
    def line(self) -> str:
        """Title, rows, and what tells it from others."""
        number = "rows not counted" if self.rows is None else counted(self.rows, "row")
        more = "more than " if self.has_more else ""
        kind = "with a SoundCloud URL" if self.has_address else "no SoundCloud URL"
        return f"{self.title} ({more}{number}, {kind})"


def looks_like_tracks(schema: Schema) -> bool:
    """True if its rows have a place for the address of a track."""
    return Field.SOUNDCLOUD_URL in schema.found


async def shared_databases(client: NotionClient) -> list[SharedDatabase]:
    """Every database that is shared, those that look like tracks first; empty if none can be
    listed.
    """
    try:
        found = [_shared(source) for source in await _all_sources(client)]
    except NotionError:
        return []
    times = Counter(one.id for one in found)
    found = [one if times[one.id] == 1 else replace(one, id=one.source_id) for one in found]
    counted = await asyncio.gather(*(_counted(client, one) for one in found))
    return sorted(counted, key=lambda one: (not one.has_address, one.title.lower()))


async def _all_sources(client: NotionClient) -> list[dict[str, Any]]:
    body: dict[str, Any] = {
        "filter": {"property": "object", "value": "data_source"}, "page_size": _A_PAGE
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    while True:
        answer = await client.send("POST", "search", body)
        found += answer["results"]
        if not answer.get("has_more"):
            return found
        body["start_cursor"] = answer["next_cursor"]


def _shared(source: Mapping[str, Any]) -> SharedDatabase:
    schema = Schema.unchecked({"properties": {}} | dict(source))
    parent = source.get("parent", {})
    return SharedDatabase(
        id=str(parent.get("database_id") or source["id"]),
        source_id=str(source["id"]),
        title=schema.title or "Untitled",
        has_address=looks_like_tracks(schema),
    )


async def _counted(client: NotionClient, one: SharedDatabase) -> SharedDatabase:
    """Its rows, the first thousand of them; a hundred of one that is no tracks database."""
    body: dict[str, Any] = {"page_size": _A_PAGE}
    rows = 0
    for _ in range(_PAGES_COUNTED if one.has_address else 1):
        try:
            answer = await client.send("POST", f"data_sources/{one.source_id}/query", body)
        except NotionError:
            return one
        rows += len(answer["results"])
        if not answer.get("has_more"):
            return replace(one, rows=rows)
        body["start_cursor"] = answer["next_cursor"]
    return replace(one, rows=rows, has_more=True)


def missing_properties(schema: Schema) -> list[Field]:
    """What the database lacks of the properties that somebody would miss."""
    return [kind for kind in offered() if kind not in schema.found]


async def property_bodies(
    client: NotionClient, playlists_db_id: str, lacking: Sequence[Field]
) -> dict[str, Any]:
    """The `properties` of the PATCH that adds them; playlists as a relation where one is set."""
    bodies: dict[str, Any] = {}
    for kind in lacking:
        spec = FIELDS[kind]
        bodies[spec.names[0]] = {spec.create_as: {}}
        if kind is Field.PLAYLISTS and playlists_db_id:
            source_id = await data_source_id(client, playlists_db_id)
            bodies[spec.names[0]] = {
                "relation": {
                    "data_source_id": source_id,
                    "type": "single_property",
                    "single_property": {},
                }
            }
    return bodies
