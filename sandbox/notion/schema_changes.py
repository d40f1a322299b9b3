"""Changes of a data source's schema: properties added, altered, renamed and removed.

A two-way relation keeps a property in each of two data sources; making, altering or removing one
side does the same to the other. Source: notion-api.md 2 and the public type declarations of
Notion's JavaScript client (data-sources.ts: UpdateDataSourceBodyParameters).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_object, one_of, string
from sandbox.notion.conversion import convert_rows
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import new_property_id
from sandbox.notion.objects import Objects
from sandbox.notion.records import DataSource
from sandbox.notion.relations import mirror_all
from sandbox.notion.richtext import plain
from sandbox.notion.rollups import FUNCTIONS
from sandbox.notion.schemas import described, find_property, parse_simple, related_id, type_of

__all__ = ["change_properties"]

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
    _store(objects, source, {key: each for key, each in source.schema.items() if each != config})
    _drop_other_side(objects, config)


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
    _store(objects, fresh, fresh.schema | {property_id: config})
    if kind == "unique_id":
        convert_rows(objects, source.id, {"type": "none"}, config)


def _alter(objects: Objects, source: DataSource, found: Json, body: Json, path: str) -> None:
    config = dict(found)
    if "name" in body:
        config["name"] = _free_name(source, found, string(body["name"], f"{path}.name"))
    if "description" in body:
        config["description"] = described(body, path)
    if set(body) - {"name", "description", "id", "type"}:
        config = _retyped(objects, source, config, body, path)
    fresh = objects.data_source(source.id)
    _store(objects, fresh, fresh.schema | {found["id"]: config})
    if config["type"] != found["type"]:
        convert_rows(objects, source.id, found, config)
    if _dual(config) is not None and _dual(config) != _dual(found):
        mirror_all(objects, source.id, config)
    _rename_elsewhere(objects, source.id, config)


def _retyped(objects: Objects, source: DataSource, config: Json, body: Json, path: str) -> Json:
    kind = type_of(body, path)
    if "title" in {kind, config["type"]} and kind != config["type"]:
        raise validation("Cannot change the type of the title property.")
    before = config.get(kind) if config["type"] == kind else None
    if config["type"] == "relation":
        _drop_other_side(objects, config)
    kept = {key: config[key] for key in ("id", "name", "description")} | {"type": kind}
    kept[kind] = _inner(objects, source, kept, body[kind], f"{path}.{kind}", before)
    return kept


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
        return _relation(objects, source, config, an_object(value, path), path, before)
    if kind == "rollup":
        return _rollup(objects, source, an_object(value, path), path, before)
    return parse_simple(kind, value, path, before)


def _relation(
    objects: Objects,
    source: DataSource,
    config: Json,
    body: Json,
    path: str,
    before: Json | None,
) -> Json:
    target_id = related_id(body, path) or (before or {}).get("data_source_id")
    if target_id is None and "database_id" in body:
        target_id = objects.database(body["database_id"]).data_sources[0]
    if target_id is None:
        raise invalid(f"{path}.data_source_id", "defined", UNDEFINED)
    target = objects.data_source(target_id)
    shape = {"database_id": target.parent["database_id"], "data_source_id": target.id}
    is_dual = "dual_property" in body or body.get("type") == "dual_property"
    if not is_dual:
        return shape | {"type": "single_property", "single_property": {}}
    wanted = an_object(body.get("dual_property") or {}, f"{path}.dual_property")
    name = wanted.get("synced_property_name")
    if name is not None:
        string(name, f"{path}.dual_property.synced_property_name")
    other = _other_side(objects, source, config, target, name)
    synced = {"synced_property_name": other["name"], "synced_property_id": other["id"]}
    return shape | {"type": "dual_property", "dual_property": synced}


def _other_side(
    objects: Objects, source: DataSource, config: Json, target: DataSource, wanted: str | None
) -> Json:
    default = f"Related to {plain(source.title) or 'Untitled'} ({config['name']})"
    name = _unused_name(target, wanted or default)
    back = {
        "database_id": source.parent["database_id"],
        "data_source_id": source.id,
        "type": "dual_property",
        "dual_property": {
            "synced_property_name": config["name"],
            "synced_property_id": config["id"],
        },
    }
    other: Json = {
        "id": new_property_id({*target.schema, *source.schema, config["id"]}),
        "name": name,
        "description": None,
        "type": "relation",
        "relation": back,
    }
    _store(objects, target, target.schema | {other["id"]: other})
    return other


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


def _drop_other_side(objects: Objects, config: Json) -> None:
    dual = _dual(config)
    target = objects.data_sources.get(config["relation"]["data_source_id"]) if dual else None
    if dual is None or target is None:
        return
    kept = dict(target.schema)
    kept.pop(dual["synced_property_id"], None)
    _store(objects, target, kept)


def _rename_elsewhere(objects: Objects, source_id: str, config: Json) -> None:
    """Tell the other side of a two-way relation, and rollups, what a property is called now."""
    dual = _dual(config)
    if dual is not None:
        target = objects.data_source(config["relation"]["data_source_id"])
        other = target.schema.get(dual["synced_property_id"])
        if other is not None:
            synced = {"synced_property_name": config["name"], "synced_property_id": config["id"]}
            relation = other["relation"] | {"dual_property": synced}
            _store(objects, target, target.schema | {other["id"]: other | {"relation": relation}})
    source = objects.data_source(source_id)
    for each in source.schema.values():
        if each["type"] == "rollup" and each["rollup"]["relation_property_id"] == config["id"]:
            rollup = each["rollup"] | {"relation_property_name": config["name"]}
            _store(objects, source, source.schema | {each["id"]: each | {"rollup": rollup}})


def _dual(config: Json) -> Json | None:
    found = config.get("relation", {}).get("dual_property")
    return found if isinstance(found, dict) else None


def _free_name(source: DataSource, found: Json, name: str) -> str:
    taken = [each for each in source.schema.values() if each["name"] == name]
    if taken and taken[0]["id"] != found["id"]:
        raise validation(f"A property named {name} exists already.")
    return name


def _unused_name(source: DataSource, name: str) -> str:
    taken = {each["name"] for each in source.schema.values()}
    if name not in taken:
        return name
    return next(
        f"{name} {number}" for number in range(1, 10_000) if f"{name} {number}" not in taken
    )


def _store(objects: Objects, source: DataSource, schema: dict[str, Json]) -> None:
    objects.change(objects.data_source(source.id), schema=schema)
