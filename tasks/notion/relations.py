"""Relations read whole: a page shows 25 related pages and `has_more`.

Source: docs/facts/notion.md, "Relations".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from tasks.notion.client import NotionClient
from tasks.retrying import PATIENT, retrying

Json = dict[str, Any]

_SHOWN = 25


async def related_ids(client: NotionClient, page_id: str, property_id: str) -> tuple[str, ...]:
    """The ids of all pages that a relation leads to, in its order. Raises a NotionError."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        answer: Mapping[str, Any] = await retrying(
            partial(client.property_items, page_id, property_id, cursor), PATIENT
        )
        found += [item["relation"]["id"] for item in answer["results"]]
        cursor = answer.get("next_cursor")
        if not answer.get("has_more") or cursor is None:
            return tuple(found)


async def with_whole_relations(
    client: NotionClient, page: Mapping[str, Any], keys: Iterable[str]
) -> Json:
    """The page object with all of each relation among the properties `keys`, ids or names."""
    wanted = set(keys)
    properties: Json = dict(page["properties"])
    for name, value in properties.items():
        if not wanted & {name, value.get("id")}:
            continue
        if value.get("type") == "relation" and len(value["relation"]) >= _SHOWN:
            ids = await related_ids(client, page["id"], value["id"])
            related = [{"id": page_id} for page_id in ids]
            properties[name] = value | {"relation": related, "has_more": False}
    return dict(page) | {"properties": properties}
