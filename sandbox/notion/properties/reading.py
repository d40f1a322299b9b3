"""The plain value of a property, for filters, sorts, formulas and rollups.

Texts are str ("" if empty), numbers int or float, checkboxes bool, options their names, people
and relations ids, files names, dates `Span`; what is empty is None, "" or [].
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.notion.computed.formulas import FormulaError, evaluate
from sandbox.notion.computed.rollups import roll_up
from sandbox.notion.computed.spans import Span, span_of
from sandbox.notion.properties.schemas import find_property
from sandbox.notion.richtext import plain
from sandbox.notion.times import minute_of
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import Page

Json = dict[str, Any]
Reader = Callable[[Page], Any]


@dataclass(frozen=True)
class Rolled:
    """A rollup: its kind (number, date, array) and value; an array holds plain values."""

    kind: str
    value: Any


def reader(objects: Objects, config: Json) -> Reader:
    """A function from a page to the plain value of the property that `config` describes."""
    kind, key = config["type"], config["id"]
    match kind:
        case "select" | "status" | "multi_select":
            return _option_reader(config)
        case "formula":
            return functools.partial(_formula, objects, config)
        case "rollup":
            return functools.partial(_rollup, objects, config)
        case "created_time" | "last_edited_time":
            return timestamp_reader(kind)
    if kind in _READERS:
        return functools.partial(_READERS[kind], key)
    return lambda page: page.values.get(key)


def _option_reader(config: Json) -> Reader:
    kind, key = config["type"], config["id"]
    names = {option["id"]: option["name"] for option in config[kind]["options"]}
    if kind != "multi_select":
        return lambda page: names.get(page.values.get(key))
    return lambda page: [names[each] for each in page.values.get(key) or () if each in names]


def timestamp_reader(name: str) -> Reader:
    """Reads `created_time` or `last_edited_time`, rounded down to the minute."""
    field = "created" if name == "created_time" else "edited"

    def read(page: Page) -> Span:
        moment = datetime.fromtimestamp(minute_of(getattr(page, field)) / 1000, UTC)
        return Span(moment, None, is_day=False)

    return read


def plain_values(objects: Objects, page: Page) -> dict[str, Any]:
    """Property name → plain value of a row, for people and for the ledger."""
    source = objects.data_sources.get(page.data_source_id or "")
    if source is None:
        return {"title": _text("title", page)}
    return {
        config["name"]: reader(objects, config)(page)
        for config in source.schema.values()
        if config["type"] not in {"formula", "rollup", "button"}
    }


def related_pages(objects: Objects, config: Json, page: Page) -> tuple[list[Page], Json] | None:
    """The pages a rollup looks at and the property it reads there; None if either is gone."""
    rollup = config["rollup"]
    source = objects.data_sources.get(page.data_source_id or "")
    relation = source.schema.get(rollup["relation_property_id"]) if source else None
    if relation is None or relation["type"] != "relation":
        return None
    target = objects.data_sources.get(relation["relation"]["data_source_id"])
    rolled = target.schema.get(rollup["rollup_property_id"]) if target else None
    if rolled is None:
        return None
    ids = page.values.get(relation["id"]) or []
    found = [objects.pages[each] for each in ids if each in objects.pages]
    return [each for each in found if not each.in_trash], rolled


def _text(key: str, page: Page) -> str:
    return plain(page.values.get(key))


_READERS: dict[str, Callable[[str, Page], Any]] = {
    "title": _text,
    "rich_text": _text,
    "date": lambda key, page: span_of(page.values.get(key)),
    "created_by": lambda _, page: [page.created_by],
    "last_edited_by": lambda _, page: [page.edited_by],
    "files": lambda key, page: [file["name"] for file in page.values.get(key) or ()],
    "people": lambda key, page: page.values.get(key) or [],
    "relation": lambda key, page: page.values.get(key) or [],
    "checkbox": lambda key, page: bool(page.values.get(key)),
}


def _formula(objects: Objects, config: Json, page: Page) -> Any:
    source = objects.data_sources.get(page.data_source_id or "")

    def look(name: str) -> Any:
        other = find_property(source.schema, name) if source else None
        if other is None:
            raise FormulaError(f"there is no property {name}")
        value = reader(objects, other)(page)
        return value.value if isinstance(value, Rolled) else value

    try:
        return evaluate(config["formula"]["expression"], look)
    except FormulaError:
        return None


def _rollup(objects: Objects, config: Json, page: Page) -> Rolled:
    found = related_pages(objects, config, page)
    if found is None:
        return Rolled("array", [])
    pages, rolled = found
    read = reader(objects, rolled)
    kind, value = roll_up(config["rollup"]["function"], [read(each) for each in pages])
    return Rolled(kind, value)
