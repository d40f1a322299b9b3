"""Values written as property values of whatever type the user's database has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tasks.notion.properties import Field
from tasks.notion.schema import Property, Schema
from tasks.notion.values import names_text, number_text, option_name

Json = dict[str, Any]

_TEXT_UNITS = 2000
_SEGMENTS = 100
MOST_OPTIONS = 100
"""Options, or related pages, that one request may set; Notion refuses a longer list."""


def property_values(schema: Schema, values: Mapping[Field, Any]) -> Json:
    """`values` as the `properties` of a PATCH, by id; fields that cannot be written are left out.

    A value that is a dict already is Notion JSON and passes unchanged (see `status_value`).
    """
    return {
        schema[field].id: _value(schema[field], value)
        for field, value in values.items()
        if schema.writes(field) and value is not None
    }


def lock_value(schema: Schema, text: str) -> Json:
    """The `properties` that set the lock to `text`; an empty text clears it."""
    return {schema[Field.LOCK].id: {"rich_text": _segments(text)}}


def writable(value: Mapping[str, Any] | None) -> Json | None:
    """A property value as Notion answers it, in the shape a PATCH takes it back in."""
    if value is None:
        return None
    kind = value["type"]
    inner = value[kind]
    match kind:
        case "title" | "rich_text":
            return {kind: _segments("".join(part.get("plain_text", "") for part in inner))}
        case "select" | "status":
            return {kind: {"name": inner["name"]} if inner else None}
        case "multi_select":
            return {kind: [{"name": option["name"]} for option in inner]}
        case "relation":
            return {kind: [{"id": page["id"]} for page in inner]}
        case _:
            return {kind: inner}


def _value(found: Property, value: Any) -> Json:
    if isinstance(value, dict):
        return value
    match found.type:
        case "title" | "rich_text":
            return {found.type: _segments(_as_text(value))}
        case "number":
            number = float(value)
            return {"number": int(number) if number.is_integer() else number}
        case "checkbox":
            return {"checkbox": bool(value)}
        case "select" | "status":
            name = next(iter(_as_names(value)), "")
            return {found.type: {"name": option_name(name)} if name else None}
        case "multi_select":
            names = dict.fromkeys(map(option_name, _as_names(value)))
            return {"multi_select": [{"name": name} for name in names][:MOST_OPTIONS]}
        case "relation":
            return {"relation": [{"id": page_id} for page_id in value][:MOST_OPTIONS]}
        case _:
            return {found.type: _as_text(value) or None}


def _as_text(value: Any) -> str:
    match value:
        case str():
            return value
        case int() | float():
            return number_text(value)
        case _:
            return names_text(value)


def _as_names(value: Any) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value


def _segments(text: str) -> list[Json]:
    """Rich text in pieces of at most 2,000 UTF-16 units."""
    pieces: list[str] = []
    room = 0
    for character in text:
        units = 2 if ord(character) > 0xFFFF else 1
        if units > room:
            pieces.append("")
            room = _TEXT_UNITS
        pieces[-1] += character
        room -= units
    return [{"type": "text", "text": {"content": piece}} for piece in pieces[:_SEGMENTS]]
