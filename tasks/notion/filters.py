"""The three filters, twice: as Notion's query and as a judgement on a fresh row.

The query only finds candidates, since it may lag behind writes; `wants` decides. Two
levels at most, conditions by the property's type: docs/facts/notion.md, "Filters".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tasks.notion.schema import Field, Schema
from tasks.tracks import Track, TrackFilter

__all__ = ["locked_rows", "query_filter", "rows_with_addresses", "rows_with_ids", "wants"]

Json = dict[str, Any]

_TEXT_TYPES = {"title", "rich_text", "url", "email", "phone_number"}
_PATHS = (Field.WAV_PATH, Field.AIFF_PATH, Field.M4A_PATH)


def wants(track: Track, track_filter: TrackFilter) -> bool:
    """True if a run with `track_filter` is about this row as it stands now."""
    if track.in_trash or track.is_duplicate:
        return False
    match track_filter:
        case TrackFilter.UNPROCESSED:
            return not track.downloaded and not track.has_paths
        case TrackFilter.ALL:
            return bool(track.soundcloud_url)
        case TrackFilter.MISSING_EAGLE:
            return track.downloaded and not track.eagle_id


def query_filter(track_filter: TrackFilter, schema: Schema) -> Json:
    """Notion's filter for the candidates, an `and` with conditions of the properties' own types."""
    downloaded = schema[Field.DOWNLOADED].name
    match track_filter:
        case TrackFilter.UNPROCESSED:
            conditions = [{"property": downloaded, "checkbox": {"equals": False}}]
            conditions += [_absent(schema, path) for path in _PATHS if path in schema]
        case TrackFilter.ALL:
            conditions = [_filled(schema, Field.SOUNDCLOUD_URL)]
        case TrackFilter.MISSING_EAGLE:
            # Also those that have an id: it may name an item that is gone (flows/rows/filtering).
            conditions = [{"property": downloaded, "checkbox": {"equals": True}}]
    return {"and": conditions}


def rows_with_addresses(schema: Schema, fragments: Iterable[str]) -> Json:
    """Notion's filter for rows whose SoundCloud URL contains one of `fragments`, any case."""
    found = schema[Field.SOUNDCLOUD_URL]
    return {
        "and": [
            {"or": [{"property": found.name, found.type: {"contains": f}} for f in fragments]},
        ]
    }


def rows_with_ids(schema: Schema, soundcloud_ids: Iterable[str]) -> Json:
    """Notion's filter for rows that name one of the SoundCloud ids (digits)."""
    found = schema[Field.SOUNDCLOUD_ID]
    is_number = found.type == "number"
    values = [int(text) if is_number else text for text in soundcloud_ids]
    return {
        "and": [{"or": [{"property": found.name, found.type: {"equals": v}} for v in values]}],
    }


def locked_rows(schema: Schema) -> Json:
    """Notion's filter for every row that has a lock, live or not."""
    return {"and": [_filled(schema, Field.LOCK)]}


def _filled(schema: Schema, field: Field) -> Json:
    found = schema[field]
    return {"property": found.name, found.type: {"is_not_empty": True}}


def _absent(schema: Schema, field: Field) -> Json:
    """Empty, or one of the sentinels that the original wrote into texts."""
    found = schema[field]
    empty = {"property": found.name, found.type: {"is_empty": True}}
    if found.type not in _TEXT_TYPES:
        return empty
    sentinels = [
        {"property": found.name, found.type: {"equals": word}} for word in ("None", "FILE_MISSING")
    ]
    return {"or": [empty, *sentinels]}
