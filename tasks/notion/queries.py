"""Queries for rows: those a filter is about, those that are locked, those of one recording."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from tasks.locks.ports import LockRow
from tasks.notion.client import NotionClient
from tasks.notion.filters import locked_rows, query_filter, rows_with_addresses, rows_with_ids
from tasks.notion.listing import list_rows
from tasks.notion.lock_store import lock_row
from tasks.notion.properties import Field
from tasks.notion.rows import to_track
from tasks.notion.schema import Schema
from tasks.tracks import Track, TrackFilter

_FRAGMENTS_PER_QUERY = 50


async def iterate_tracks(
    client: NotionClient,
    schema: Schema,
    track_filter: TrackFilter,
    is_wanted: Callable[[Track], bool],
) -> AsyncGenerator[Track, None]:
    """The rows that `is_wanted` takes, as they come, a page of a hundred at a time."""
    conditions = query_filter(track_filter, schema)
    async for page in list_rows(client, schema.data_source_id, conditions, only=schema.asked_for):
        track = to_track(page, schema)
        if is_wanted(track):
            yield track


async def iterate_locked(client: NotionClient, schema: Schema) -> AsyncIterator[LockRow]:
    """Every row with something in its lock property that is no sentinel."""
    async for page in list_rows(
        client, schema.data_source_id, locked_rows(schema), only=schema.asked_for
    ):
        row = lock_row(page, schema)
        if row.lock.strip():
            yield row


async def find_by_path(client: NotionClient, schema: Schema, paths: Sequence[str]) -> list[Track]:
    """Rows whose SoundCloud URL contains one of `paths` (`artist/title`), 50 paths a query.

    A superset, to be compared by canonical key: `contains` ignores case and knows no bounds.
    """
    found: list[Track] = []
    for start in range(0, len(paths), _FRAGMENTS_PER_QUERY):
        conditions = rows_with_addresses(schema, paths[start : start + _FRAGMENTS_PER_QUERY])
        rows = list_rows(client, schema.data_source_id, conditions, only=schema.asked_for)
        found += [to_track(page, schema) async for page in rows]
    return found


async def find_by_soundcloud_id(
    client: NotionClient, schema: Schema, soundcloud_ids: Sequence[str]
) -> list[Track]:
    """Rows that name one of the SoundCloud ids, 50 a query; none without such a property."""
    found: list[Track] = []
    if Field.SOUNDCLOUD_ID not in schema:
        return found
    for start in range(0, len(soundcloud_ids), _FRAGMENTS_PER_QUERY):
        conditions = rows_with_ids(schema, soundcloud_ids[start : start + _FRAGMENTS_PER_QUERY])
        rows = list_rows(client, schema.data_source_id, conditions, only=schema.asked_for)
        found += [to_track(page, schema) async for page in rows]
    return found
