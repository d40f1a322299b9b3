"""The configuration of properties: what a schema may hold and how it is shown.

A configuration is kept as `{"id", "name", "description", "type", <type>: {...}}` with the id not
encoded. Sources: the public type declarations of Notion's JavaScript client (data-sources.ts) and
docs/facts/notion.md, "Pages" (unknown options, commas in options).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.notion.checks import an_array, an_object, one_of, only_keys, string
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import encoded, new_option_id, parse_id
from sandbox.notion.richtext import COLORS
from sandbox.notion.workspace.records import Schema

Json = dict[str, Any]

BARE_TYPES = (
    "title",
    "rich_text",
    "date",
    "people",
    "files",
    "checkbox",
    "url",
    "email",
    "phone_number",
    "created_time",
    "created_by",
    "last_edited_time",
    "last_edited_by",
    "button",
    "place",
    "verification",
    "location",
    "last_visited_time",
)
OPTION_TYPES = ("select", "multi_select", "status")
TYPES = (*BARE_TYPES, *OPTION_TYPES, "number", "formula", "unique_id", "relation", "rollup")
_COMMON_KEYS = ("id", "name", "description", "type")
_STATUS_DEFAULTS = (("Not started", "default"), ("In progress", "blue"), ("Done", "green"))
_STATUS_GROUPS = (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green"))
_LONGEST_OPTION = 100


def type_of(body: Json, path: str) -> str:
    """The type a configuration names, by its key or by `type`."""
    named = [key for key in body if key in TYPES]
    for key in body:
        if key not in TYPES and key not in _COMMON_KEYS:
            raise invalid(f"{path}.{key}", "not present", body[key])
    if not named and isinstance(body.get("type"), str) and body["type"] in TYPES:
        return str(body["type"])
    if len(named) != 1:
        raise invalid(f"{path}.title", "defined", UNDEFINED)
    return named[0]


def parse_simple(kind: str, value: object, path: str, before: Json | None = None) -> Json:
    """The configuration under a type that needs no other data source.

    `before` is the configuration it replaces, of the same type, or None.
    """
    body = an_object({} if value is UNDEFINED else value, path)
    match kind:
        case "number":
            only_keys(body, path, ("format",))
            kept = (before or {}).get("format", "number")
            return {"format": string(body.get("format", kept), f"{path}.format")}
        case "formula":
            kept = (before or {}).get("expression", "")
            return {"expression": string(body.get("expression", kept), f"{path}.expression")}
        case "unique_id":
            prefix = body.get("prefix", (before or {}).get("prefix"))
            return {"prefix": None if prefix is None else string(prefix, f"{path}.prefix")}
        case "select" | "multi_select":
            only_keys(body, path, ("options",))
            return {"options": _options(kind, body.get("options"), f"{path}.options", before)}
        case "status":
            return _status(body, path, before)
    only_keys(body, path, ())
    return {}


def new_option(kind: str, body: Json, path: str) -> Json:
    """A new option of a select, multi-select or status, from its name."""
    name = string(body.get("name", UNDEFINED), f"{path}.name", longest=_LONGEST_OPTION)
    if "," in name and kind != "status":
        raise validation(f"Invalid {kind} option, commas not allowed: {name}")
    color = body.get("color") or "default"
    return {
        "id": str(body.get("id") or new_option_id()),
        "name": name,
        "color": one_of(color, f"{path}.color", COLORS),
        "description": described(body, path),
    }


def described(body: Json, path: str) -> str | None:
    """The description of an option or property; None without one."""
    given = body.get("description")
    return None if given is None else string(given, f"{path}.description")


def option_by(options: Iterable[Json], key: str, value: object) -> Json | None:
    """The option whose `key` ("id" or "name") is `value`."""
    return next((option for option in options if option[key] == value), None)


def with_options(config: Json, added: list[Json]) -> Json:
    """`config` with further options; those of a status come into its first group."""
    kind = config["type"]
    inner = config[kind]
    changed = inner | {"options": [*inner["options"], *added]}
    if kind == "status":
        changed["groups"] = _grouped(changed["options"], inner["groups"])
    return config | {kind: changed}


def property_json(config: Json) -> Json:
    """A property as a data source shows it."""
    kind = config["type"]
    shown = config[kind]
    if kind == "rollup":
        ids = {key: encoded(shown[key]) for key in ("rollup_property_id", "relation_property_id")}
        shown = shown | ids
    if kind == "relation" and shown["type"] == "dual_property":
        dual = shown["dual_property"]
        synced = dual | {"synced_property_id": encoded(dual["synced_property_id"])}
        shown = shown | {"dual_property": synced}
    return {
        "id": encoded(config["id"]),
        "name": config["name"],
        "description": config["description"],
        "type": kind,
        kind: shown,
    }


def find_property(schema: Schema, key: str) -> Json | None:
    """The property with this name, or this id, encoded or not."""
    for config in schema.values():
        if config["name"] == key:
            return config
    if key in schema:
        return schema[key]
    return next((each for each in schema.values() if encoded(each["id"]) == key), None)


def _options(kind: str, value: object, path: str, before: Json | None) -> list[Json]:
    known: list[Json] = (before or {}).get("options", [])
    if value is None:
        return known
    parsed = []
    for index, item in enumerate(an_array(value, path)):
        body = an_object(item, f"{path}[{index}]")
        only_keys(body, f"{path}[{index}]", ("id", "name", "color", "description"))
        parsed.append(_option(kind, body, f"{path}[{index}]", known))
    return parsed


def _option(kind: str, body: Json, path: str, known: list[Json]) -> Json:
    found = option_by(known, "id", body["id"]) if "id" in body else None
    found = found or option_by(known, "name", body.get("name"))
    if found is None:
        return new_option(kind, body, path)
    if body.get("color") not in (None, found["color"]):
        raise validation(f"Cannot update color of {kind} with name: {found['name']}.")
    name = body.get("name", found["name"])
    description = described(body, path) if "description" in body else found["description"]
    return found | {"name": string(name, f"{path}.name"), "description": description}


def _status(body: Json, path: str, before: Json | None) -> Json:
    only_keys(body, path, ("options",))
    known: list[Json] = (before or {}).get("options", [])
    given = body.get("options")
    if given is None and before is not None:
        return before
    if given is None:
        fresh = [{"name": name, "color": color} for name, color in _STATUS_DEFAULTS]
        options = [new_option("status", each, path) for each in fresh]
        groups = _grouped([], [])
        for group, option in zip(groups, options, strict=True):
            group["option_ids"] = [option["id"]]
        return {"options": options, "groups": groups}
    named = _options("status", given, f"{path}.options", before)
    ids = {option["id"] for option in named}
    options = named + [option for option in known if option["id"] not in ids]
    return {"options": options, "groups": _grouped(options, (before or {}).get("groups", []))}


def _grouped(options: list[Json], groups: list[Json]) -> list[Json]:
    """The groups, with options that are in none put into the first, To-do."""
    kept = [dict(group) for group in groups] or [
        {"id": new_option_id(), "name": name, "color": color, "option_ids": []}
        for name, color in _STATUS_GROUPS
    ]
    placed = {option_id for group in kept for option_id in group["option_ids"]}
    loose = [option["id"] for option in options if option["id"] not in placed]
    kept[0]["option_ids"] = [*kept[0]["option_ids"], *loose]
    return kept


def related_id(body: Json, path: str) -> str | None:
    """The data source a relation names, if it names one by a proper id."""
    given = body.get("data_source_id")
    if given is None:
        return None
    parsed = parse_id(given)
    if parsed is None:
        raise invalid(f"{path}.data_source_id", "a valid uuid", given)
    return parsed
