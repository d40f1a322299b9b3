"""`filter_properties`: which properties of a page a response shall show.

Ids as responses show them, decoded ids and names are taken; an id that was encoded twice is not
(docs/facts/notion.md, "Queries").
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.notion.errors import validation
from sandbox.notion.properties.schemas import find_property
from sandbox.notion.workspace.records import Schema


def wanted_properties(schema: Schema, keys: Iterable[str]) -> set[str] | None:
    """The ids that `keys` name; None (all of them) if there are no keys. Raises ApiError 400."""
    ids = set()
    for key in keys:
        found = find_property(schema, key)
        if found is None or ("%" in key and found["name"] != key):
            raise validation(f"Could not find property with name or id: {key}")
        ids.add(found["id"])
    return ids or None
