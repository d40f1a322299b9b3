"""Two-way relations: a page named on one side names back on the other.

Sources: docs/facts/notion.md, "Relations", and the public description of dual properties.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import Page

Json = dict[str, Any]


def mirror(
    objects: Objects, page_id: str, config: Json, before: Collection[str], after: Collection[str]
) -> None:
    """Make the other side of `config` follow a page whose relation changed."""
    dual = config["relation"].get("dual_property")
    if dual is None:
        return
    other_id = dual["synced_property_id"]
    for gone in set(before) - set(after):
        _set(objects, gone, other_id, page_id, is_named=False)
    for added in after:
        if added not in before:
            _set(objects, added, other_id, page_id, is_named=True)


def mirror_all(objects: Objects, data_source_id: str, config: Json) -> None:
    """Fill the other side of a relation that has just become two-way."""
    for row in objects.rows(data_source_id):
        mirror(objects, row.id, config, (), row.values.get(config["id"]) or ())


def _set(
    objects: Objects, page_id: str, property_id: str, other: str, *, is_named: bool
) -> Page | None:
    page = objects.pages.get(page_id)
    if page is None:
        return None
    named = [each for each in page.values.get(property_id) or [] if each != other]
    if is_named:
        named.append(other)
    return objects.change(page, values=page.values | {property_id: named})
