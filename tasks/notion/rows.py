"""A page object of the Music Tracks database read as a Track, whatever its property types are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.notion.schema import DUPLICATE, Field, Schema
from tasks.tracks import Track

__all__ = ["lock_text", "number_text", "page_title", "plain_text", "to_track", "track_number"]

_SENTINELS = frozenset({"None", "FILE_MISSING"})
_TRACK_NUMBER = re.compile(r"(?:soundcloud:tracks:)?0*([1-9]\d*)(?:\.0+)?", re.ASCII)


def to_track(page: Mapping[str, Any], schema: Schema) -> Track:
    """The row as a Track. A related playlist gives an id; names come from `playlists.py`."""
    read = _Reader(page["properties"], schema)
    return Track(
        page_id=page["id"],
        page_url=page.get("url", ""),
        title=read.text(Field.TITLE),
        artist=read.text(Field.ARTIST),
        album=read.text(Field.ALBUM),
        genre=read.text(Field.GENRE),
        soundcloud_url=read.text(Field.SOUNDCLOUD_URL),
        spotify_url=read.text(Field.SPOTIFY_URL),
        youtube_url=read.text(Field.YOUTUBE_URL),
        spotify_id=read.text(Field.SPOTIFY_ID),
        soundcloud_id=track_number(read.text(Field.SOUNDCLOUD_ID)),
        downloaded=read.flag(Field.DOWNLOADED),
        wav_path=read.text(Field.WAV_PATH),
        aiff_path=read.text(Field.AIFF_PATH),
        m4a_path=read.text(Field.M4A_PATH),
        eagle_id=read.text(Field.EAGLE_ID),
        fingerprint=read.text(Field.FINGERPRINT),
        duration_seconds=read.number(Field.DURATION),
        bpm=read.number(Field.BPM),
        key=read.text(Field.KEY),
        lock=read.text(Field.LOCK),
        statuses=read.lines(Field.STATUS),
        playlist_ids=read.related(Field.PLAYLISTS),
        playlists=read.names(Field.PLAYLISTS),
        tags=read.names(Field.TAGS),
        is_duplicate=read.flag(Field.IS_DUPLICATE) or read.says(Field.STATUS, DUPLICATE),
        created_time=page.get("created_time", ""),
        in_trash=bool(page.get("in_trash") or page.get("archived")),
    )


def lock_text(page: Mapping[str, Any], schema: Schema) -> str:
    """The row's lock, exactly as it stands; empty where there is none."""
    if Field.LOCK not in schema:
        return ""
    return plain_text(page["properties"].get(schema[Field.LOCK].name))


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


def plain_text(value: Mapping[str, Any] | None) -> str:
    """What a person reads in a property value, unchanged: all segments of a text, a name, a URL."""
    if value is None:
        return ""
    inner = value.get(value["type"])
    match value["type"]:
        case "title" | "rich_text":
            return "".join(part.get("plain_text", "") for part in inner or ())
        case "select" | "status":
            return str(inner["name"]) if inner else ""
        case "multi_select":
            return ", ".join(option["name"] for option in inner or ())
        case "number":
            return number_text(inner)
        case "url" | "email" | "phone_number":
            return str(inner or "")
        case "formula":
            return _computed_text(inner) if inner else ""
        case _:
            return ""


def number_text(number: float | None) -> str:
    """A number with all its digits: ids of ten digits are numbers in some databases."""
    if number is None:
        return ""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _computed_text(formula: Mapping[str, Any]) -> str:
    value = formula.get(formula["type"])
    return number_text(value) if formula["type"] == "number" else str(value or "")


class _Reader:
    def __init__(self, properties: Mapping[str, Any], schema: Schema) -> None:
        self._properties = properties
        self._schema = schema

    def _value(self, field: Field) -> Mapping[str, Any] | None:
        if field not in self._schema:
            return None
        return self._properties.get(self._schema[field].name)

    def text(self, field: Field) -> str:
        text = plain_text(self._value(field)).strip()
        return "" if text in _SENTINELS else text

    def flag(self, field: Field) -> bool:
        value = self._value(field)
        return bool(value and value.get("checkbox"))

    def number(self, field: Field) -> float | None:
        value = self._value(field)
        if value is None:
            return None
        if value["type"] == "number":
            return value["number"]  # type: ignore[no-any-return]
        try:
            return float(plain_text(value))
        except ValueError:
            return None

    def related(self, field: Field) -> tuple[str, ...]:
        value = self._value(field)
        if value is None or value["type"] != "relation":
            return ()
        return tuple(page["id"] for page in value["relation"])

    def lines(self, field: Field) -> tuple[str, ...]:
        """A status: an option's name each, or the lines of a text, which may hold commas."""
        value = self._value(field)
        if value is None or value["type"] != "rich_text":
            return self.names(field)
        return tuple(line.strip() for line in plain_text(value).splitlines() if line.strip())

    def says(self, field: Field, word: str) -> bool:
        return any(line.split(":", 1)[0] == word for line in self.lines(field))

    def names(self, field: Field) -> tuple[str, ...]:
        value = self._value(field)
        if value is None or value["type"] == "relation":
            return ()
        if value["type"] == "multi_select":
            return tuple(option["name"] for option in value["multi_select"])
        if value["type"] in {"rich_text", "title"}:
            return _split(plain_text(value))
        name = plain_text(value)
        return (name,) if name else ()


def _split(text: str) -> tuple[str, ...]:
    """Names in a text: separated by semicolons or lines, else by commas (original-system, 1.4)."""
    normal = text.replace("\n", ";")
    parts = normal.split(";") if ";" in normal else normal.split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
