"""Notion's stage: the rows a run is about."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable

from tasks.notion.client import NotionClient
from tasks.notion.queries import iterate_tracks
from tasks.notion.schema import Schema
from tasks.stages import stage
from tasks.tracks import Track, TrackFilter


@stage("query-tracks")
async def query_tracks(
    client: NotionClient,
    schema: Schema,
    track_filter: TrackFilter,
    is_wanted: Callable[[Track], bool],
    listing: AsyncIterable[Track] | None = None,
) -> list[Track]:
    """All rows that match, oldest first, each once. Raises a NotionError if any are missing.

    `listing` is one of the same rows that has begun already.
    """
    rows = listing or iterate_tracks(client, schema, track_filter, is_wanted)
    return [track async for track in rows]
