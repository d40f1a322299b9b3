"""The names of related playlists, each asked of Notion once a run; and relations read whole.

A page shows 25 related pages and `has_more` (docs/facts/notion.md, "Relations").
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tasks.errors import NotionNotFound
from tasks.notion.client import NotionClient
from tasks.notion.listing import OLDEST_FIRST
from tasks.notion.properties import Field
from tasks.notion.row_query import RowQuery
from tasks.notion.rows import page_title
from tasks.notion.schema import Schema
from tasks.retrying import PATIENT, retrying
from tasks.tracks import Track

_LIST_FROM = 4
_FIRST = {"page_size": 100, "sorts": OLDEST_FIRST}
Json = dict[str, Any]
_SHOWN = 25


class PlaylistNames:
    """Playlist page ids to their titles; unknown ids are fetched on demand and remembered."""

    def __init__(self, client: NotionClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema
        self._names: dict[str, str] = {}
        self._turn = asyncio.Lock()

    async def of(self, track: Track) -> Track:
        """The track with the names of all its playlists, in the row's order.

        Reads the whole relation where the row shows only its first 25.
        """
        if not track.playlist_ids:
            return track
        ids = track.playlist_ids
        if len(ids) >= _SHOWN:
            ids = await related_ids(self._client, track.page_id, self._schema[Field.PLAYLISTS].id)
        async with self._turn:
            await self._learn([page_id for page_id in ids if page_id not in self._names])
        names = [self._names[page_id] for page_id in ids if self._names[page_id]]
        return replace(track, playlist_ids=ids, playlists=tuple(dict.fromkeys(names)))

    async def prepare(self, tracks: Iterable[Track]) -> None:
        """Learn the names all `tracks` need, by one listing when that costs fewer requests."""
        wanted = {page_id for track in tracks for page_id in track.playlist_ids}
        async with self._turn:
            if len(wanted) >= _LIST_FROM:
                await self._learn_by_listing(wanted)

    async def first_of(self, data_source_id: str) -> tuple[list[Json], bool]:
        """The oldest hundred playlists of that database, whose names are known from now on, and
        whether they are all. Raises NotionError.
        """
        query = RowQuery(data_source_id, _FIRST)
        answer = await retrying(partial(self._client.query, query), PATIENT)
        pages = [page for page in answer["results"] if page.get("object") == "page"]
        self._names |= {page["id"]: page_title(page) for page in pages}
        return pages, not answer.get("has_more")

    async def _learn_by_listing(self, wanted: set[str]) -> None:
        source = self._schema[Field.PLAYLISTS].config.get("data_source_id")
        pages = 0
        cursor: str | None = None
        while source and not wanted <= self._names.keys() and pages < len(wanted):
            body = {"page_size": 100} | ({"start_cursor": cursor} if cursor else {})
            query = RowQuery(source, body)
            answer = await retrying(partial(self._client.query, query), PATIENT)
            self._names |= {page["id"]: page_title(page) for page in answer["results"]}
            cursor = answer.get("next_cursor")
            pages += 1
            if not cursor:
                return

    async def _learn(self, ids: list[str]) -> None:
        for page_id in dict.fromkeys(ids):
            try:
                page = await retrying(partial(self._client.page, page_id), PATIENT)
            except NotionNotFound:
                page = {}
            self._names[page_id] = page_title(page)


async def related_ids(client: NotionClient, page_id: str, property_id: str) -> tuple[str, ...]:
    """The ids of all pages that a relation leads to, in its order. Raises a NotionError."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        answer: Mapping[str, Any] = await retrying(
            partial(client.property_items, page_id, property_id, cursor), PATIENT
        )
        found += [item["relation"]["id"] for item in answer["results"]]
        cursor = answer.get("next_cursor")
        if not answer.get("has_more") or cursor is None:
            return tuple(found)


async def with_whole_relations(
    client: NotionClient, page: Mapping[str, Any], keys: Iterable[str]
) -> Json:
    """The page object with all of each relation among the properties `keys`, ids or names."""
    wanted = set(keys)
    properties: Json = dict(page["properties"])
    for name, value in properties.items():
        if not wanted & {name, value.get("id")}:
            continue
        if value.get("type") == "relation" and len(value["relation"]) >= _SHOWN:
            ids = await related_ids(client, page["id"], value["id"])
            related = [{"id": page_id} for page_id in ids]
            properties[name] = value | {"relation": related, "has_more": False}
    return dict(page) | {"properties": properties}
