"""Property values: from a request into the store, and from the store into a response.

Kept, by type: rich text compact (richtext.py); numbers, checkboxes, urls, emails and phone
numbers as they are; options by id; people and relations as lists of ids; dates, files and
places as shown; unique ids as numbers. Source: docs/facts/notion.md, "Pages" and "Size
limits".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.notion.checks import an_array, an_id, an_object, boolean, only_keys, string
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.properties.media import parse_files
from sandbox.notion.properties.schemas import find_property, new_option, option_by, with_options
from sandbox.notion.richtext import checked_url, compact, parse_date, parse_rich_text
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import Schema

Json = dict[str, Any]

_READ_ONLY = (
    "formula",
    "rollup",
    "created_time",
    "created_by",
    "last_edited_time",
    "last_edited_by",
    "unique_id",
    "button",
)
_ENVELOPE = ("id", "name", "type", "has_more")
_LISTS = ("title", "rich_text", "multi_select", "people", "files", "relation")
_LONGEST_ADDRESS = 200


def empty_value(kind: str) -> Any:
    """What a property holds that was never written: `[]`, false or null."""
    if kind in _LISTS:
        return []
    return False if kind == "checkbox" else None


@dataclass
class Writing:
    """Reads the `properties` of a request against a schema.

    `schema` is a copy of the data source's, to which options named for the first time are added;
    `has_new_options` says that there were some.
    """

    objects: Objects
    schema: Schema
    has_new_options: bool = field(default=False, init=False)

    def parse(self, body: object, path: str = "body.properties") -> Json:
        """Property id → value to keep. Raises ApiError 400 or 404 for what Notion would refuse."""
        given = an_object(body, path)
        found = {key: self._property(key) for key in given}
        return {
            config["id"]: self._value(config, given[key], f"{path}.{key}")
            for key, config in found.items()
        }

    def _property(self, key: str) -> Json:
        config = find_property(self.schema, key)
        if config is None:
            raise validation(f"{key} is not a property that exists.")
        return config

    def _value(self, config: Json, value: object, path: str) -> Any:
        kind, name = config["type"], config["name"]
        if kind == "title" and isinstance(value, list):
            return compact(parse_rich_text(value, path, self.objects))
        body = an_object(value, path)
        if kind in _READ_ONLY:
            raise validation(f"{name} is a read-only {kind} property and cannot be updated.")
        if kind not in body or body.get("type", kind) != kind:
            raise validation(f"{name} is expected to be {kind}.")
        only_keys(body, path, (kind, *_ENVELOPE))
        return self._of_type(kind, config, body[kind], f"{path}.{kind}")

    def _of_type(self, kind: str, config: Json, value: Any, path: str) -> Any:
        if kind in _PLAIN_PARSERS:
            return _PLAIN_PARSERS[kind](value, path)
        match kind:
            case "title" | "rich_text":
                return compact(parse_rich_text(value, path, self.objects))
            case "select" | "status":
                return None if value is None else self._option(config, value, path)
            case "multi_select":
                return self._options(config, value, path)
            case "files":
                return parse_files(value, path, self.objects)
            case "relation":
                return self._related(value, path)
        return None if value is None else an_object(value, path)

    def _options(self, config: Json, value: object, path: str) -> list[str]:
        ids = []
        for index, item in enumerate(an_array(value, path)):
            ids.append(self._option(self.schema[config["id"]], item, f"{path}[{index}]"))
        return list(dict.fromkeys(ids))

    def _option(self, config: Json, value: object, path: str) -> str:
        """The id of an option; one that is not there is made, but not in a status."""
        body = an_object(value, path)
        only_keys(body, path, ("id", "name", "color", "description"))
        kind = config["type"]
        options = config[kind]["options"]
        found = option_by(options, "id", body["id"]) if "id" in body else None
        if found is None and "name" in body:
            found = option_by(options, "name", string(body["name"], f"{path}.name"))
        if found is None:
            found = self._new_option(config, kind, body, path)
        return str(found["id"])

    def _new_option(self, config: Json, kind: str, body: Json, path: str) -> Json:
        if "name" not in body and "id" not in body:
            raise invalid(f"{path}.name", "defined", UNDEFINED)
        wanted = body.get("name", body.get("id"))
        if kind == "status" or "name" not in body:
            raise validation(
                f'Invalid {kind} option. {kind.capitalize()} option "{wanted}" does not exist.'
            )
        option = new_option(kind, {key: body[key] for key in body if key != "id"}, path)
        self.schema[config["id"]] = with_options(config, [option])
        self.has_new_options = True
        return option

    def _related(self, value: object, path: str) -> list[str]:
        ids = _ids(value, path)
        for page_id in ids:
            self.objects.page(page_id)
        return ids


def _ids(value: object, path: str) -> list[str]:
    ids = []
    for index, item in enumerate(an_array(value, path)):
        where = f"{path}[{index}]"
        ids.append(an_id(an_object(item, where).get("id", UNDEFINED), f"{where}.id"))
    return list(dict.fromkeys(ids))


def _number(value: object, path: str) -> float | int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise invalid(path, "a number", value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _date(value: object, path: str) -> Json | None:
    return None if value is None else parse_date(value, path)


def _url(value: object, path: str) -> str | None:
    return None if value is None or value == "" else checked_url(value, path)


def _address(value: object, path: str) -> str | None:
    return None if value is None else string(value, path, longest=_LONGEST_ADDRESS) or None


_PLAIN_PARSERS: dict[str, Callable[[object, str], Any]] = {
    "number": _number,
    "checkbox": boolean,
    "url": _url,
    "email": _address,
    "phone_number": _address,
    "date": _date,
    "people": _ids,
}
