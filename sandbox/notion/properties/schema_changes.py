"""Changes of a data source's schema: properties added, altered, renamed and removed.

The two sides of a two-way relation are in two_way.py. Source: the public type declarations of
Notion's JavaScript client (data-sources.ts: UpdateDataSourceBodyParameters).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_object, one_of, string
from sandbox.notion.computed.rollups import FUNCTIONS
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import new_property_id
from sandbox.notion.properties.conversion import convert_rows
from sandbox.notion.properties.relations import mirror_all
from sandbox.notion.properties.schemas import described, find_property, parse_simple, type_of
from sandbox.notion.properties.two_way import (
    dual_of,
    parse_relation,
    refuse_taken,
    remove_other_side,
    show_name,
)
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import DataSource

Json = dict[str, Any]

_LAST = ("relation", "rollup")
"""Relations come after plain properties and rollups after both, for rollups name the others."""


def change_properties(
    objects: Objects, source: DataSource, body: object, path: str, *, creating: bool = False
) -> DataSource:
    """The data source after `properties` of a request took effect.

    Raises ApiError 400 for what Notion would refuse; nothing has changed then.
    """
    given = an_object(body, path)
    _check(source, given, path, creating=creating)
    with objects.undoing_schemas():
        for key in sorted(given, key=lambda name: _turn(given[name])):
            _apply(objects, objects.data_source(source.id), key, given[key], f"{path}.{key}")
    return objects.data_source(source.id)


def _check(source: DataSource, given: Json, path: str, *, creating: bool) -> None:
    titles = [config["id"] for config in source.schema.values() if config["type"] == "title"]
    for key, value in given.items():
        found = find_property(source.schema, key)
        if value is None:
            if found is None:
                raise validation(f"{key} is not a property that exists.")
            if found["id"] in titles:
                raise validation("Cannot delete title property.")
            continue
        body = an_object(value, f"{path}.{key}")
        if found is None or set(body) - {"name", "description", "id", "type"}:
            kind = type_of(body, f"{path}.{key}")
            if kind == "title" and found is None:
                titles.append(key)
    if creating and not titles:
        raise validation("Title is not provided")
    if len(titles) > 1:
        raise validation("Cannot create new title property, only one title property is allowed.")


def _turn(body: object) -> int:
    if not isinstance(body, dict):
        return 0
    for turn, kind in enumerate(_LAST, start=1):
        if kind in body:
            return turn
    return 0


def _apply(objects: Objects, source: DataSource, key: str, value: object, path: str) -> None:
    found = find_property(source.schema, key)
    if value is None:
        if found is not None:
            _remove(objects, source, found)
        return
    body = an_object(value, path)
    if found is None:
        _add(objects, source, key, body, path)
    else:
        _alter(objects, source, found, body, path)


def _remove(objects: Objects, source: DataSource, config: Json) -> None:
    kept = {key: each for key, each in source.schema.items() if each != config}
    objects.change(objects.data_source(source.id), schema=kept)
    remove_other_side(objects, config)


def _add(objects: Objects, source: DataSource, name: str, body: Json, path: str) -> None:
    kind = type_of(body, path)
    property_id = "title" if kind == "title" else new_property_id(source.schema)
    config: Json = {
        "id": property_id,
        "name": name,
        "description": described(body, path),
        "type": kind,
    }
    config[kind] = _inner(objects, source, config, body.get(kind, UNDEFINED), f"{path}.{kind}")
    fresh = objects.data_source(source.id)
    objects.change(fresh, schema=fresh.schema | {property_id: config})
    if kind == "unique_id":
        convert_rows(objects, source.id, {"type": "none"}, config)


def _alter(objects: Objects, source: DataSource, found: Json, body: Json, path: str) -> None:
    config = dict(found)
    if "name" in body:
        config["name"] = string(body["name"], f"{path}.name")
        refuse_taken(source, found, config["name"])
    if "description" in body:
        config["description"] = described(body, path)
    if set(body) - {"name", "description", "id", "type"}:
        config = _retyped(objects, source, config, body, path)
    fresh = objects.data_source(source.id)
    objects.change(fresh, schema=fresh.schema | {found["id"]: config})
    if config["type"] != found["type"]:
        convert_rows(objects, source.id, found, config)
    if dual_of(config) is not None and dual_of(config) != dual_of(found):
        mirror_all(objects, source.id, config)
    show_name(objects, source.id, config)


def _retyped(objects: Objects, source: DataSource, config: Json, body: Json, path: str) -> Json:
    kind = type_of(body, path)
    if "title" in {kind, config["type"]} and kind != config["type"]:
        raise validation("Cannot change the type of the title property.")
    before = config.get(kind) if config["type"] == kind else None
    kept = {key: config[key] for key in ("id", "name", "description")} | {"type": kind}
    kept[kind] = _inner(objects, source, kept, body[kind], f"{path}.{kind}", before)
    if _partner(config) != _partner(kept):
        remove_other_side(objects, config)
    return kept


def _partner(config: Json) -> str | None:
    dual = dual_of(config)
    return None if dual is None else str(dual["synced_property_id"])


def _inner(
    objects: Objects,
    source: DataSource,
    config: Json,
    value: object,
    path: str,
    before: Json | None = None,
) -> Json:
    kind = config["type"]
    if kind == "relation":
        return parse_relation(objects, source, config, an_object(value, path), path, before)
    if kind == "rollup":
        return _rollup(objects, source, an_object(value, path), path, before)
    return parse_simple(kind, value, path, before)


def _rollup(
    objects: Objects, source: DataSource, body: Json, path: str, before: Json | None
) -> Json:
    merged = _without_rivals(before or {}, body) | body
    relation = _named(source, merged, "relation_property", path)
    if relation["type"] != "relation":
        raise validation(f"{relation['name']} is not a relation property.")
    target = objects.data_source(relation["relation"]["data_source_id"])
    rolled = _named(target, merged, "rollup_property", path)
    return {
        "rollup_property_name": rolled["name"],
        "relation_property_name": relation["name"],
        "rollup_property_id": rolled["id"],
        "relation_property_id": relation["id"],
        "function": one_of(merged.get("function", UNDEFINED), f"{path}.function", FUNCTIONS),
    }


def _without_rivals(before: Json, body: Json) -> Json:
    """`before` without the ids of what `body` names anew."""
    touched = {key.rsplit("_", 1)[0] for key in body}
    return {key: value for key, value in before.items() if key.rsplit("_", 1)[0] not in touched}


def _named(source: DataSource, body: Json, what: str, path: str) -> Json:
    key = body.get(f"{what}_id", body.get(f"{what}_name"))
    if key is None:
        raise invalid(f"{path}.{what}_name", "defined", UNDEFINED)
    found = find_property(source.schema, str(key))
    if found is None:
        raise validation(f"Could not find property with name or id: {key}")
    return found
