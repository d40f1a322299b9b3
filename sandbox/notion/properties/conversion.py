"""What becomes of the values in a column when its type changes: kept where a text can carry them.

Notion does not document which conversions it makes. Texts, numbers, addresses and options are
carried over, anything else becomes empty.
"""

from __future__ import annotations

import contextlib
from typing import Any

from sandbox.notion.properties.schemas import new_option, option_by, with_options
from sandbox.notion.properties.values import empty_value
from sandbox.notion.richtext import plain
from sandbox.notion.workspace.objects import Objects

Json = dict[str, Any]

_TEXTS = ("url", "email", "phone_number")


def convert_rows(objects: Objects, data_source_id: str, before: Json, after: Json) -> None:
    """Give every row of a data source a value of the type of `after`."""
    config = after
    for row in objects.rows(data_source_id):
        text = _text(before, row.values.get(after["id"]))
        value, config = _from_text(objects, data_source_id, config, text)
        objects.change(row, values=row.values | {after["id"]: value}, edited=row.edited)
    source = objects.data_source(data_source_id)
    objects.change(source, schema=source.schema | {config["id"]: config})


def _text(config: Json, value: Any) -> str:
    kind = config["type"]
    if value is None or kind == "none":
        return ""
    if kind in {"title", "rich_text"}:
        return plain(value)
    if kind in {"select", "status", "multi_select"}:
        options = config[kind]["options"]
        ids = value if isinstance(value, list) else [value]
        found = [option_by(options, "id", option_id) for option_id in ids]
        return ", ".join(option["name"] for option in found if option)
    return str(value) if kind in {"number", *_TEXTS} else ""


def _from_text(objects: Objects, source_id: str, config: Json, text: str) -> tuple[Any, Json]:
    kind = config["type"]
    if kind == "unique_id":
        source = objects.data_source(source_id)
        objects.change(source, last_number=source.last_number + 1)
        return source.last_number + 1, config
    if not text:
        return empty_value(kind), config
    if kind == "rich_text":
        return text, config
    if kind in _TEXTS:
        return text, config
    if kind == "number":
        with contextlib.suppress(ValueError):
            return float(text), config
    if kind in {"select", "multi_select"}:
        return _as_options(config, text)
    return empty_value(kind), config


def _as_options(config: Json, text: str) -> tuple[Any, Json]:
    kind = config["type"]
    names = [name.strip() for name in text.split(",") if name.strip()]
    ids = []
    for name in names if kind == "multi_select" else names[:1]:
        option = option_by(config[kind]["options"], "name", name)
        if option is None:
            option = new_option(kind, {"name": name}, "body")
            config = with_options(config, [option])
        ids.append(option["id"])
    return (ids if kind == "multi_select" else ids[0]), config
