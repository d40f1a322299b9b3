"""A page object of the Music Tracks database read as a Track, whatever its property types are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.notion.properties import DUPLICATE, FIELDS, Field, Holds
from tasks.notion.schema import Property, Schema
from tasks.notion.values import (
    SENTINELS,
    address_text,
    is_ticked,
    names_in,
    number_in,
    plain_text,
    value_of,
)
from tasks.tracks import Track

_TRACK_NUMBER = re.compile(r"(?:soundcloud:tracks:)?0*([1-9]\d*)(?:\.0+)?", re.ASCII)


def to_track(page: Mapping[str, Any], schema: Schema) -> Track:
    """The row as a Track. A related playlist gives an id; names come from `playlists.py`."""
    read = _Reader(page, schema)
    known: dict[str, Any] = {name: read.of(name) for name in FIELDS}
    known["playlist_ids"] = read.related(Field.PLAYLISTS)
    known["is_duplicate"] = known["is_duplicate"] or read.says(Field.STATUS, DUPLICATE)
    return Track(
        page_id=page["id"],
        page_url=page.get("url", ""),
        created_time=page.get("created_time", ""),
        last_edited=page.get("last_edited_time", ""),
        in_trash=bool(page.get("in_trash") or page.get("archived")),
        **known,
    )


def lock_text(page: Mapping[str, Any], schema: Schema) -> str:
    """The row's lock, exactly as it stands; empty where there is none, or only a sentinel."""
    if Field.LOCK not in schema:
        return ""
    text = plain_text(value_of(page, schema[Field.LOCK]))
    return "" if text.strip() in SENTINELS else text


def track_number(text: str) -> str:
    """SoundCloud's number of a track in `text`, "" if it holds none (`1.9e+09` names no track)."""
    found = _TRACK_NUMBER.fullmatch(text.strip())
    return found[1] if found else ""


def page_title(page: Mapping[str, Any]) -> str:
    """The title of any page object, e.g. a playlist's."""
    for value in page.get("properties", {}).values():
        if value.get("type") == "title":
            return plain_text(value).strip()
    return ""


class _Reader:
    def __init__(self, page: Mapping[str, Any], schema: Schema) -> None:
        self._page = page
        self._schema = schema

    def of(self, field: Field) -> Any:
        """What the row says of the field, in the type that `Track` has for it."""
        match FIELDS[field].holds:
            case Holds.FLAG:
                return self._flag(field)
            case Holds.NUMBER:
                return number_in(self._value(field))
            case Holds.NAMES:
                return names_in(self._value(field))
            case Holds.STATUS:
                return self._lines(field)
            case Holds.ADDRESS:
                return _clean(address_text(self._value(field)))
            case Holds.TRACK_NUMBER:
                return track_number(self._text(field))
            case _:
                return self._text(field)

    def related(self, field: Field) -> tuple[str, ...]:
        value = self._value(field)
        if value is None or value["type"] != "relation":
            return ()
        return tuple(page["id"] for page in value["relation"])

    def says(self, field: Field, word: str) -> bool:
        return any(line.split(":", 1)[0] == word for line in self._lines(field))

    def _value(self, field: Field) -> Mapping[str, Any] | None:
        return value_of(self._page, self._schema[field]) if field in self._schema else None

    def _text(self, field: Field) -> str:
        return _clean(plain_text(self._value(field)))

    def _flag(self, field: Field) -> bool:
        """True if any of the properties that say this is ticked."""
        found: tuple[Property, ...] = self._schema.flags(field) if field in self._schema else ()
        return any(is_ticked(value_of(self._page, one)) for one in found)

    def _lines(self, field: Field) -> tuple[str, ...]:
        """A status: an option's name each, or the lines of a text, which may hold commas."""
        value = self._value(field)
        if value is None or value["type"] != "rich_text":
            return names_in(value)
        return tuple(line.strip() for line in plain_text(value).splitlines() if line.strip())


def _clean(text: str) -> str:
    """The text without blanks around it; "" for a sentinel that stands for nothing."""
    bare = text.strip()
    return "" if bare in SENTINELS else bare
