"""Rows asked for: those a filter is about, those that are locked, those of one track, one row."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from tasks.errors import NotionNotFound
from tasks.locks.ports import LockRow
from tasks.notion.client import NotionClient
from tasks.notion.filters import locked_rows, query_filter, rows_with_addresses, rows_with_ids
from tasks.notion.listing import first_page, list_rows
from tasks.notion.lock_store import lock_row
from tasks.notion.properties import Field
from tasks.notion.row_query import RowQuery
from tasks.notion.rows import to_track
from tasks.notion.schema import Schema
from tasks.retrying import PATIENT, RetryPolicy, retrying
from tasks.tracks import Track, TrackFilter

Json = dict[str, Any]

_CONDITIONS_PER_QUERY = 50


def matching_pages(
    client: NotionClient,
    schema: Schema,
    conditions: Mapping[str, Any],
    policy: RetryPolicy = PATIENT,
) -> AsyncIterator[Json]:
    """The rows' page objects that match Notion's filter, oldest first, as they come."""
    source = schema.data_source_id
    return list_rows(client, source, conditions, only=schema.asked_for, policy=policy)


def first_query(schema: Schema, track_filter: TrackFilter) -> RowQuery:
    """What `iterate_tracks` asks first."""
    conditions = query_filter(track_filter, schema)
    return first_page(schema.data_source_id, conditions, schema.asked_for)


async def iterate_tracks(
    client: NotionClient,
    schema: Schema,
    track_filter: TrackFilter,
    is_wanted: Callable[[Track], bool],
) -> AsyncGenerator[Track, None]:
    """The rows that `is_wanted` takes, as they come, a page of a hundred at a time."""
    async for page in matching_pages(client, schema, query_filter(track_filter, schema)):
        track = to_track(page, schema)
        if is_wanted(track):
            yield track


async def iterate_locked(
    client: NotionClient, schema: Schema, policy: RetryPolicy = PATIENT
) -> AsyncIterator[LockRow]:
    """Every row with something in its lock property that is no sentinel."""
    async for page in matching_pages(client, schema, locked_rows(schema), policy):
        row = lock_row(page, schema)
        if row.lock.strip():
            yield row


async def find_rows(
    client: NotionClient, schema: Schema, texts: Iterable[str], numbers: Iterable[str]
) -> list[Track]:
    """Rows whose SoundCloud URL contains one of `texts`, or that name one of the SoundCloud ids.

    A superset, to be compared by canonical key: `contains` ignores case and knows no bounds. 50 of
    each are asked for in a query.
    """
    found: dict[str, Track] = {}
    for conditions in _conditions(schema, texts, numbers):
        async for page in matching_pages(client, schema, conditions):
            found[page["id"]] = to_track(page, schema)
    return list(found.values())


async def find_row(client: NotionClient, schema: Schema, page_id: str) -> Track | None:
    """The row as it is now; None if Notion shows none. Raises a NotionError."""
    page = await find_page(client, page_id)
    return None if page is None else to_track(page, schema)


async def find_page(client: NotionClient, page_id: str) -> Json | None:
    """The page object as it is now; None if Notion shows none. Raises a NotionError."""
    try:
        return await retrying(lambda: client.page(page_id), PATIENT)
    except NotionNotFound:
        return None


def _conditions(schema: Schema, texts: Iterable[str], numbers: Iterable[str]) -> Iterator[Json]:
    for some in _chunks(texts):
        yield rows_with_addresses(schema, some)
    if Field.SOUNDCLOUD_ID in schema:
        for some in _chunks(numbers):
            yield rows_with_ids(schema, some)


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    each = list(dict.fromkeys(texts))
    for start in range(0, len(each), _CONDITIONS_PER_QUERY):
        yield each[start : start + _CONDITIONS_PER_QUERY]
