"""`GET /v1/pages/{id}/properties/{property}`: one value, or a list of its parts.

Sources: docs/facts/notion.md, "Relations"; developers.notion.com (retrieve-a-page-property); the
public type declarations of Notion's JavaScript client (pages.ts).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.notion.errors import validation
from sandbox.notion.ids import encoded
from sandbox.notion.paging import invalid_cursor, page_size
from sandbox.notion.properties.schemas import find_property
from sandbox.notion.shapes import Shapes
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import PLAIN_SCHEMA

Json = dict[str, Any]

_LISTED = ("title", "rich_text", "relation", "people")


def property_item(
    objects: Objects, shapes: Shapes, page_id: str, key: str, query: Mapping[str, Any]
) -> Json:
    """A property item, or a page of a list of them. Raises ApiError 400 or 404."""
    size = page_size(query.get("page_size"), "query.page_size")
    page = objects.page(page_id)
    source = objects.data_sources.get(page.data_source_id or "")
    config = find_property(source.schema if source else PLAIN_SCHEMA, key)
    if config is None:
        raise validation(f"Could not find property with name or id: {key}")
    kind = config["type"]
    value = shapes.value(page, config)
    item = {"object": "property_item", "type": kind, "id": encoded(config["id"])}
    if kind in _LISTED:
        parts = [item | {kind: part} for part in value]
        return _listed(page_id, item, {kind: {}}, parts, size, query)
    if kind == "rollup":
        parts = [item | part for part in value.get("array", [])]
        shown = value | {"array": []} if "array" in value else value
        return _listed(page_id, item, {"rollup": shown}, parts, size, query)
    return item | {kind: value}


def _listed(
    page_id: str, item: Json, about: Json, parts: list[Json], size: int, query: Mapping[str, Any]
) -> Json:
    start = _start(query.get("start_cursor"), len(parts))
    end = start + size
    cursor = str(end) if end < len(parts) else None
    address = f"https://api.notion.com/v1/pages/{page_id}/properties/{item['id']}"
    following = None if cursor is None else f"{address}?start_cursor={cursor}"
    return {
        "object": "list",
        "results": parts[start:end],
        "next_cursor": cursor,
        "has_more": cursor is not None,
        "type": "property_item",
        "property_item": {"id": item["id"], "next_url": following, "type": item["type"], **about},
    }


def _start(cursor: object, length: int) -> int:
    if cursor is None:
        return 0
    if not isinstance(cursor, str) or not cursor.isdecimal() or int(cursor) > length:
        raise invalid_cursor(cursor)
    return int(cursor)
