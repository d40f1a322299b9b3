"""The three filters, twice: as Notion's query and as a judgement on a fresh row.

The query only finds candidates, since it may lag behind writes; `wants` decides. A condition has
its property's type, an `and` or `or` may be nested once. What cannot be asked of a type (a rollup,
a unique id) is not asked: then more rows come, and `wants` decides all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tasks.notion.properties import Field
from tasks.notion.schema import Property, Schema
from tasks.notion.values import SENTINELS
from tasks.tracks import Track, TrackFilter

Json = dict[str, Any]

_TEXT_TYPES = {"title", "rich_text", "url", "email", "phone_number"}
_EMPTIABLE = _TEXT_TYPES | {"number", "select", "status", "multi_select", "relation", "files"}
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
    boxes = schema.flags(Field.DOWNLOADED)
    match track_filter:
        case TrackFilter.UNPROCESSED:
            conditions: list[Json | None] = [_ticked(box, ticked=False) for box in boxes]
            conditions += [_absent(schema[path]) for path in _PATHS if path in schema]
        case TrackFilter.ALL:
            conditions = [_filled(schema[Field.SOUNDCLOUD_URL])]
        case TrackFilter.MISSING_EAGLE:
            # Also those that have an id: it may be of an item that is gone.
            conditions = [_either([_ticked(box, ticked=True) for box in boxes])]
    return {"and": [condition for condition in conditions if condition is not None]}


def rows_with_addresses(schema: Schema, fragments: Iterable[str]) -> Json:
    """Notion's filter for rows whose SoundCloud URL contains one of `fragments`, any case.

    All rows where the property's type cannot be asked for it.
    """
    found = schema[Field.SOUNDCLOUD_URL]
    return {"and": _all_or([contains(found, fragment) for fragment in fragments])}


def rows_with_ids(schema: Schema, soundcloud_ids: Iterable[str]) -> Json:
    """Notion's filter for rows that name one of the SoundCloud ids (digits); all rows likewise."""
    found = schema[Field.SOUNDCLOUD_ID]
    return {"and": _all_or([equals(found, number) for number in soundcloud_ids])}


def locked_rows(schema: Schema) -> Json:
    """Notion's filter for every row that has a lock, live or not."""
    filled = _filled(schema[Field.LOCK])
    return {"and": [filled] if filled is not None else []}


def contains(found: Property, text: str) -> Json | None:
    """The condition that a text property contains `text`, in any case."""
    return _text_condition(found, {"contains": text})


def equals(found: Property, number: str) -> Json | None:
    """The condition that a property holds this number of SoundCloud's, as a number or a text."""
    if found.type == "number":
        return {"property": found.id, "number": {"equals": int(number)}}
    if found.type == "select":
        return {"property": found.id, "select": {"equals": number}}
    return _text_condition(found, {"equals": number})


def _text_condition(found: Property, wanted: Json) -> Json | None:
    if found.type == "formula":
        return {"property": found.id, "formula": {"string": wanted}}
    return {"property": found.id, found.type: wanted} if found.type in _TEXT_TYPES else None


def _ticked(found: Property, *, ticked: bool) -> Json:
    wanted: Json = {"checkbox": {"equals": ticked}}
    return {"property": found.id} | ({"formula": wanted} if found.type == "formula" else wanted)


def _filled(found: Property) -> Json | None:
    return _emptiness(found, {"is_not_empty": True})


def _absent(found: Property) -> Json | None:
    """Empty, or one of the sentinels that other programs wrote into texts."""
    empty = _emptiness(found, {"is_empty": True})
    if empty is None or found.type not in _TEXT_TYPES:
        return empty
    sentinels = [_text_condition(found, {"equals": word}) for word in sorted(SENTINELS)]
    return {"or": [empty, *sentinels]}


def _emptiness(found: Property, wanted: Json) -> Json | None:
    if found.type == "formula":
        return {"property": found.id, "formula": {"string": wanted}}
    return {"property": found.id, found.type: wanted} if found.type in _EMPTIABLE else None


def _either(conditions: list[Json]) -> Json:
    return conditions[0] if len(conditions) == 1 else {"or": conditions}


def _all_or(conditions: Iterable[Json | None]) -> list[Json]:
    """One `or` of the conditions; nothing, and so every row, if one of them cannot be asked."""
    asked = list(conditions)
    some = [condition for condition in asked if condition is not None]
    return [{"or": some}] if some and len(some) == len(asked) else []
