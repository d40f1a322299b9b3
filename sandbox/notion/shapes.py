"""Objects as Notion's responses show them, in the key order that was recorded.

`archived` is there in 2025-09-03 alone. Source: docs/facts/notion.md, "Versions
and objects".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from sandbox.notion.computed.spans import Span
from sandbox.notion.ids import encoded, hex_of
from sandbox.notion.properties.reading import Rolled, reader, related_pages
from sandbox.notion.properties.schemas import option_by, property_json
from sandbox.notion.properties.values import empty_value
from sandbox.notion.richtext import expanded, plain
from sandbox.notion.times import iso_milliseconds, iso_minute
from sandbox.notion.users import full_user, partial_user
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import (
    PLAIN_SCHEMA,
    Database,
    DataSource,
    Page,
)

Json = dict[str, Any]

OLDER_VERSION = "2025-09-03"
_MOST_RELATIONS = 25


class Shapes:
    """The shapes of one API version."""

    def __init__(self, objects: Objects, version: str) -> None:
        self._objects = objects
        self._has_archived = version == OLDER_VERSION

    def page(self, page: Page, only: Collection[str] | None = None) -> Json:
        """A page with its properties, or with those alone whose ids are in `only`."""
        is_trashed = self._objects.is_trashed(page)
        return {
            "object": "page",
            "id": page.id,
            "created_time": iso_minute(page.created),
            "last_edited_time": iso_minute(page.edited),
            "created_by": partial_user(page.created_by),
            "last_edited_by": partial_user(page.edited_by),
            "cover": page.cover,
            "icon": page.icon,
            "parent": page.parent,
            "in_trash": is_trashed,
            "is_archived": page.is_archived,
            "is_locked": page.is_locked,
            "properties": self._properties(page, only),
            "url": _address(page.id, plain(page.values.get("title"))),
            "public_url": None,
        } | self._archived(is_trashed)

    def property_value(self, page: Page, config: Json) -> Json:
        """`{"id", "type", <type>: value}` of one property, `has_more` beside a relation."""
        kind = config["type"]
        shown: Json = {"id": encoded(config["id"]), "type": kind, kind: self.value(page, config)}
        if kind == "relation":
            shown["has_more"] = len(shown[kind]) > _MOST_RELATIONS
            shown[kind] = shown[kind][:_MOST_RELATIONS]
        return shown

    def value(self, page: Page, config: Json) -> Any:
        """What stands under the type of a property, whole."""
        kind = config["type"]
        value = page.values.get(config["id"])
        if kind in _OF_THE_PAGE:
            return _OF_THE_PAGE[kind](page)
        if kind in _RICH:
            return expanded(value)
        if kind in _FROM_IDS:
            return _FROM_IDS[kind](config, value)
        if kind == "formula":
            return _formula(reader(self._objects, config)(page))
        if kind == "rollup":
            return self._rollup(page, config)
        return empty_value(kind) if value is None else value

    def database(self, database: Database) -> Json:
        """A database, with its data sources by id and name."""
        is_trashed = self._objects.is_trashed(database)
        sources = [self._objects.data_sources[each] for each in database.data_sources]
        return {
            "object": "database",
            "id": database.id,
            "title": database.title,
            "description": database.description,
            "parent": database.parent,
            "is_inline": database.is_inline,
            "in_trash": is_trashed,
            "is_locked": database.is_locked,
            "created_time": iso_milliseconds(database.created),
            "last_edited_time": iso_milliseconds(database.edited),
            "data_sources": [
                {"id": source.id, "name": plain(source.title)}
                for source in sources
                if not source.in_trash
            ],
            "icon": database.icon,
            "cover": database.cover,
            "url": _address(database.id),
            "public_url": None,
        } | self._archived(is_trashed)

    def data_source(self, source: DataSource) -> Json:
        """A data source with its schema."""
        is_trashed = self._objects.is_trashed(source)
        database = self._objects.databases[source.parent["database_id"]]
        return {
            "object": "data_source",
            "id": source.id,
            "cover": source.cover,
            "icon": source.icon,
            "created_time": iso_minute(source.created),
            "created_by": partial_user(source.created_by),
            "last_edited_by": partial_user(source.edited_by),
            "last_edited_time": iso_minute(source.edited),
            "title": source.title,
            "description": source.description,
            "is_inline": database.is_inline,
            "properties": {
                config["name"]: property_json(config) for config in source.schema.values()
            },
            "parent": source.parent,
            "database_parent": database.parent,
            "url": _address(database.id),
            "public_url": None,
            "in_trash": is_trashed,
        } | self._archived(is_trashed)

    def block(self, block: Page | Database) -> Json:
        """A page or database as a block: child_page or child_database."""
        is_trashed = self._objects.is_trashed(block)
        kind, content = self._content(block)
        return {
            "object": "block",
            "id": block.id,
            "parent": block.parent,
            "created_time": iso_minute(block.created),
            "last_edited_time": iso_minute(block.edited),
            "created_by": partial_user(block.created_by),
            "last_edited_by": partial_user(block.edited_by),
            "has_children": kind != "child_database" and self._has_children(block),
            "in_trash": is_trashed,
            "type": kind,
            kind: content,
        } | self._archived(is_trashed)

    def _properties(self, page: Page, only: Collection[str] | None) -> Json:
        source = self._objects.data_sources.get(page.data_source_id or "")
        schema = PLAIN_SCHEMA if source is None else source.schema
        return {
            schema[key]["name"]: self.property_value(page, schema[key])
            for key in sorted(schema)
            if only is None or key in only
        }

    def _rollup(self, page: Page, config: Json) -> Json:
        function = config["rollup"]["function"]
        rolled: Rolled = reader(self._objects, config)(page)
        if rolled.kind == "date":
            date = rolled.value.as_json() if isinstance(rolled.value, Span) else None
            return {"type": "date", "date": date, "function": function}
        if rolled.kind == "number":
            return {"type": "number", "number": rolled.value, "function": function}
        found = related_pages(self._objects, config, page)
        pages, other = found if found is not None else ([], {})
        array = [self._element(each, other) for each in pages]
        if function == "show_unique":
            array = [each for index, each in enumerate(array) if each not in array[:index]]
        return {"type": "array", "array": array, "function": function}

    def _element(self, page: Page, config: Json) -> Json:
        shown = self.property_value(page, config)
        del shown["id"]
        return shown

    def _content(self, block: Page | Database) -> tuple[str, Json]:
        if isinstance(block, Page):
            return "child_page", {"title": plain(block.values.get("title"))}
        return "child_database", {"title": plain(block.title)}

    def _has_children(self, block: Page | Database) -> bool:
        return next(self._objects.children_of(block.id), None) is not None

    def _archived(self, is_trashed: bool) -> Json:  # noqa: FBT001 - a value to show
        return {"archived": is_trashed} if self._has_archived else {}


def _option(config: Json, option_id: str | None) -> Json | None:
    option = option_by(config[config["type"]]["options"], "id", option_id)
    return option and {key: option[key] for key in ("id", "name", "color")}


def _options(config: Json, ids: list[str] | None) -> list[Json]:
    found = [_option(config, each) for each in ids or ()]
    return [option for option in found if option]


_OF_THE_PAGE: dict[str, Callable[[Page], Any]] = {
    "created_time": lambda page: iso_minute(page.created),
    "last_edited_time": lambda page: iso_minute(page.edited),
    "created_by": lambda page: full_user(page.created_by),
    "last_edited_by": lambda page: full_user(page.edited_by),
    "button": lambda _: {},
}
_RICH = ("title", "rich_text")
_FROM_IDS: dict[str, Callable[[Json, Any], Any]] = {
    "select": _option,
    "status": _option,
    "multi_select": _options,
    "people": lambda _, ids: [full_user(each) for each in ids or ()],
    "relation": lambda _, ids: [{"id": each} for each in ids or ()],
    "unique_id": lambda config, number: {
        "prefix": config["unique_id"]["prefix"],
        "number": number,
    },
}


def _formula(value: Any) -> Json:
    if isinstance(value, Rolled):
        value = value.value
    if isinstance(value, bool):
        return {"type": "boolean", "boolean": value}
    if isinstance(value, int | float):
        return {"type": "number", "number": value}
    if isinstance(value, Span):
        return {"type": "date", "date": value.as_json()}
    text = ", ".join(map(str, value)) if isinstance(value, list) else value
    return {"type": "string", "string": text}


def _address(object_id: str, title: str = "") -> str:
    """`https://app.notion.com/p/<Slug>-<hex>`, as since June 2026."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")
    return f"https://app.notion.com/p/{slug}-{hex_of(object_id)}".replace("/p/-", "/p/")
