"""What a person reads in a property value of any type; names and how they are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.notion.schema import Property

Value = Mapping[str, Any]

SENTINELS = frozenset({"None", "FILE_MISSING"})
"""Texts that other programs wrote for "nothing"."""

_SEPARATORS = re.compile(r"[\s,;]+")
_OPTION_LENGTH = 100


def value_of(page: Value, found: Property) -> Value | None:
    """The value of a property on a page, by its id: a property may be renamed at any time."""
    named: Value | None = page["properties"].get(found.name)
    if named is not None and named.get("id") == found.id:
        return named
    return value_at(page, found.id) or value_at(page, found.name)


def value_at(page: Value, key: str) -> Value | None:
    """The value of the property with this id; with this name, where the page shows no ids."""
    properties: Mapping[str, Value] = page["properties"]
    for name, value in properties.items():
        if value.get("id", name) == key:
            return value
    return None


def plain_text(value: Value | None) -> str:
    """The text of a value, unchanged; "" where its type has none (a relation, a button)."""
    if value is None:
        return ""
    kind = value["type"]
    inner = value.get(kind)
    match kind:
        case "title" | "rich_text":
            return "".join(part.get("plain_text", "") for part in inner or ())
        case "number":
            return number_text(inner)
        case "url" | "email" | "phone_number" | "created_time" | "last_edited_time" | "string":
            return str(inner or "")
        case "select" | "status" | "created_by" | "last_edited_by" | "place":
            return str((inner or {}).get("name") or "")
        case "multi_select" | "people":
            return ", ".join(str(each.get("name") or "") for each in inner or ())
        case "files":
            return next((str(file.get("name") or "") for file in inner or ()), "")
        case "formula":
            return plain_text(inner)
        case "rollup":
            return ", ".join(filter(None, map(plain_text, _rolled(inner))))
        case _:
            return _rarely_met(kind, inner)


def _rarely_met(kind: str, inner: Any) -> str:
    match kind:
        case "unique_id":
            prefix, number = (inner or {}).get("prefix"), (inner or {}).get("number")
            return "" if number is None else f"{prefix}-{number}" if prefix else str(number)
        case "date":
            return str((inner or {}).get("start") or "")
        case "verification":
            return str((inner or {}).get("state") or "")
        case _:
            return ""


def _rolled(rollup: Value | None) -> Sequence[Value]:
    """The values in a rollup: those of an array, or the one it is computed to."""
    if not rollup:
        return ()
    return rollup.get("array") or () if rollup.get("type") == "array" else (rollup,)


def number_text(number: float | None) -> str:
    """A number with all its digits: ids of ten digits are numbers in some databases."""
    if number is None:
        return ""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def number_in(value: Value | None) -> float | None:
    """The number a value holds, as a number or as a text; None if it holds none."""
    if value is not None and value["type"] == "number":
        number: float | None = value["number"]
        return number
    try:
        return float(plain_text(value))
    except ValueError:
        return None


def is_ticked(value: Value | None) -> bool:
    """True for a ticked box, or a formula that says yes."""
    if value is None:
        return False
    if value["type"] == "formula":
        return (value["formula"] or {}).get("boolean") is True
    return value.get("checkbox") is True


def address_text(value: Value | None) -> str:
    """The address a value holds: of a text that is no address itself, where its link leads."""
    if value is None:
        return ""
    kind = value["type"]
    if kind == "rollup":
        return next(filter(None, map(address_text, _rolled(value["rollup"]))), "")
    if kind == "files":
        links = (file.get("external", {}).get("url", "") for file in value["files"] or ())
        return next(filter(None, links), "")
    text = plain_text(value)
    if kind in {"title", "rich_text"} and "." not in text:
        links = (str(part.get("href") or "") for part in value[kind] or ())
        return next(filter(None, links), text)
    return text


def names_in(value: Value | None) -> tuple[str, ...]:
    """The names a value holds, each once, in their order; a relation holds none by itself."""
    if value is None:
        return ()
    match value["type"]:
        case "multi_select" | "people":
            names: Iterable[str] = (str(each.get("name") or "") for each in value[value["type"]])
        case "select" | "status":
            names = [plain_text(value)]
        case "rollup":
            names = (name for each in _rolled(value["rollup"]) for name in names_in(each))
        case _:
            names = _split(plain_text(value))
    return tuple(dict.fromkeys(name for name in names if name))


def _split(text: str) -> Iterable[str]:
    """Names in a text: separated by semicolons or lines, else by commas."""
    normal = text.replace("\n", ";")
    parts = normal.split(";") if ";" in normal else normal.split(",")
    return (part.strip() for part in parts)


def names_text(names: Iterable[str]) -> str:
    """Names as one text that `names_in` reads back: a semicolon wherever a name has a comma."""
    each = [name.replace(";", ",").replace("\n", " ") for name in names]
    if not any("," in name for name in each):
        return ", ".join(each)
    return "; ".join(each) + ";" * (len(each) == 1)


def option_name(name: object) -> str:
    """The name as an option of a select: Notion takes no comma and 100 characters in it."""
    return " ".join(str(name).replace(",", " ").split())[:_OPTION_LENGTH]


def playlist_key(name: str) -> str:
    """What two names of one playlist share, whichever property type they passed through."""
    return _SEPARATORS.sub(" ", name).strip().casefold()[:_OPTION_LENGTH]
