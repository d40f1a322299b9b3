"""Relations, and the property that a two-way one keeps in the data source it points to.

Making, renaming, altering or removing one side shows on the other. A request may name the other
side by `synced_property_name` and `synced_property_id`; what Notion answers may be sent back to it
unchanged. Source: the public type declarations of Notion's JavaScript client (data-sources.ts).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from sandbox.notion.checks import an_object, only_keys, string
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import new_property_id
from sandbox.notion.properties.schemas import find_property, related_id
from sandbox.notion.richtext import plain
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import DataSource

Json = dict[str, Any]


def parse_relation(
    objects: Objects,
    source: DataSource,
    config: Json,
    body: Json,
    path: str,
    before: Json | None,
) -> Json:
    """The configuration of the relation `config` of `source`; a two-way one has its other side now.

    `before` is the configuration it replaces, or None. Raises ApiError 400 or 404.
    """
    target = _target(objects, body, path, before)
    shape = {"database_id": target.parent["database_id"], "data_source_id": target.id}
    if "dual_property" not in body and body.get("type") != "dual_property":
        return shape | {"type": "single_property", "single_property": {}}
    wanted = _wanted(body.get("dual_property"), f"{path}.dual_property")
    other = _paired(objects, source, config, target, _kept(wanted, target, before))
    return shape | {"type": "dual_property", "dual_property": _naming(other)}


def dual_of(config: Json) -> Json | None:
    """The other side that a property names; None if it is no two-way relation."""
    found = config.get("relation", {}).get("dual_property")
    return found if isinstance(found, dict) else None


def remove_other_side(objects: Objects, config: Json) -> None:
    """Take the other side of `config` away, where there is one."""
    dual = dual_of(config)
    target = objects.data_sources.get(config["relation"]["data_source_id"]) if dual else None
    if dual is None or target is None:
        return
    kept = dict(target.schema)
    kept.pop(dual["synced_property_id"], None)
    objects.change(target, schema=kept)


def show_name(objects: Objects, source_id: str, config: Json) -> None:
    """Tell the other side of a two-way relation, and rollups, what a property is called now."""
    dual = dual_of(config)
    if dual is not None:
        target = objects.data_source(config["relation"]["data_source_id"])
        other = target.schema.get(dual["synced_property_id"])
        if other is not None:
            _keep(objects, target, _pointing(other, other["relation"], config))
    source = objects.data_source(source_id)
    for each in source.schema.values():
        if each["type"] == "rollup" and each["rollup"]["relation_property_id"] == config["id"]:
            rollup = each["rollup"] | {"relation_property_name": config["name"]}
            source = _keep(objects, source, each | {"rollup": rollup})


def refuse_taken(source: DataSource, config: Json, name: str) -> None:
    """Raise ApiError 400 if another property than `config` has this name."""
    if any(each["name"] == name and each["id"] != config["id"] for each in source.schema.values()):
        raise validation(f"A property named {name} exists already.")


def _target(objects: Objects, body: Json, path: str, before: Json | None) -> DataSource:
    target_id = related_id(body, path) or (before or {}).get("data_source_id")
    if target_id is None and "database_id" in body:
        target_id = objects.database(body["database_id"]).data_sources[0]
    if target_id is None:
        raise invalid(f"{path}.data_source_id", "defined", UNDEFINED)
    return objects.data_source(target_id)


def _wanted(value: object, path: str) -> Json:
    """What a request says of the other side: its name, its id, both or neither."""
    body = an_object(value or {}, path)
    only_keys(body, path, ("synced_property_name", "synced_property_id"))
    return {key: string(each, f"{path}.{key}") for key, each in body.items() if each is not None}


def _kept(wanted: Json, target: DataSource, before: Json | None) -> Json:
    """`wanted`, with the id of the present other side where the request names none."""
    dual = (before or {}).get("dual_property")
    if "synced_property_id" in wanted or not dual or before is None:
        return wanted
    if before["data_source_id"] != target.id:
        return wanted
    return wanted | {"synced_property_id": dual["synced_property_id"]}


def _paired(
    objects: Objects, source: DataSource, config: Json, target: DataSource, wanted: Json
) -> Json:
    """The other side: the property of `target` that `wanted` names by its id, or a new one."""
    name, property_id = (wanted.get(f"synced_property_{key}") for key in ("name", "id"))
    found = find_property(target.schema, property_id) if property_id else None
    if found is None:
        default = f"Related to {plain(source.title) or 'Untitled'} ({config['name']})"
        name = _unused_name(target, name or default)
        fresh = unquote(property_id or "") or new_property_id(
            {*target.schema, *source.schema, config["id"]}
        )
        found = {"id": fresh, "name": name, "description": None, "type": "relation"}
    elif found["type"] != "relation":
        raise validation(f"{found['name']} is not a relation property.")
    elif name:
        refuse_taken(target, found, name)
        found = found | {"name": name}
    back = {"database_id": source.parent["database_id"], "data_source_id": source.id}
    other = _pointing(found, back | {"type": "dual_property"}, config)
    _keep(objects, target, other)
    return other


def _pointing(other: Json, relation: Json, config: Json) -> Json:
    """`other` as the other side of `config`."""
    return other | {"relation": relation | {"dual_property": _naming(config)}}


def _naming(config: Json) -> Json:
    return {"synced_property_name": config["name"], "synced_property_id": config["id"]}


def _unused_name(source: DataSource, name: str) -> str:
    taken = {each["name"] for each in source.schema.values()}
    if name not in taken:
        return name
    return next(
        f"{name} {number}" for number in range(1, 10_000) if f"{name} {number}" not in taken
    )


def _keep(objects: Objects, source: DataSource, config: Json) -> DataSource:
    return objects.change(
        objects.data_source(source.id),
        schema=objects.data_source(source.id).schema | {config["id"]: config},
    )
