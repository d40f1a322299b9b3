"""What stands under the type of a block: from a request to what responses show.

Source: the public type declarations of Notion's JavaScript client (common.ts: BlockObjectRequest;
blocks.ts: the responses).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.notion.checks import (
    an_array,
    an_id,
    an_object,
    boolean,
    one_of,
    only_keys,
    string,
)
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.media import parse_file, parse_icon
from sandbox.notion.objects import Objects
from sandbox.notion.richtext import API_COLORS, checked_url, parse_rich_text

__all__ = ["CREATABLE", "block_type", "parse_content"]

Json = dict[str, Any]
Parser = Callable[[Json, str, Objects, Json], Json]

_BASE_KEYS = ("object", "type", "in_trash", "archived", "id")


def block_type(body: Json, path: str) -> str:
    """The type a block's body names. Raises ApiError 400 for none, two or an unknown one."""
    named = [key for key in body if key not in _BASE_KEYS and key not in _SHOWN_ONLY]
    for key in named:
        if key not in CREATABLE:
            raise invalid(f"{path}.{key}", "not present", body[key])
    if len(named) != 1:
        raise invalid(f"{path}.{body.get('type') or 'paragraph'}", "defined", UNDEFINED)
    return named[0]


def parse_content(
    kind: str, value: object, path: str, objects: Objects, before: Json | None = None
) -> Json:
    """The content of a block of type `kind`; what is not named stays as in `before`."""
    body = {key: each for key, each in an_object(value, path).items() if key != "children"}
    return CREATABLE[kind](body, path, objects, before or {})


def _text(*extras: str) -> Parser:
    def parse(body: Json, path: str, objects: Objects, before: Json) -> Json:
        only_keys(body, path, ("rich_text", "color", *extras))
        if "rich_text" not in body and not before:
            raise invalid(f"{path}.rich_text", "defined", UNDEFINED)
        content = dict(before)
        if "rich_text" in body:
            content["rich_text"] = parse_rich_text(body["rich_text"], f"{path}.rich_text", objects)
        for extra in extras:
            content[extra] = _extra(extra, body, path, objects, before)
        given = body.get("color", before.get("color", "default"))
        content["color"] = one_of(given, f"{path}.color", API_COLORS)
        return content

    return parse


def _extra(name: str, body: Json, path: str, objects: Objects, before: Json) -> Any:
    if name not in body:
        return before.get(name, None if name == "icon" else False)
    if name == "icon":
        return parse_icon(body[name], f"{path}.icon", objects)
    return boolean(body[name], f"{path}.{name}")


def _template(body: Json, path: str, objects: Objects, before: Json) -> Json:
    content = _text()(body, path, objects, before)
    return {"rich_text": content["rich_text"]}


def _code(body: Json, path: str, objects: Objects, before: Json) -> Json:
    only_keys(body, path, ("rich_text", "caption", "language"))
    if not before and "rich_text" not in body:
        raise invalid(f"{path}.rich_text", "defined", UNDEFINED)
    given = body.get("language", before.get("language", UNDEFINED))
    return {
        "caption": _rich("caption", body, path, objects, before),
        "rich_text": _rich("rich_text", body, path, objects, before),
        "language": string(given, f"{path}.language"),
    }


def _rich(key: str, body: Json, path: str, objects: Objects, before: Json) -> list[Json]:
    if key not in body:
        return list(before.get(key, []))
    return parse_rich_text(body[key], f"{path}.{key}", objects)


def _equation(body: Json, path: str, _: Objects, before: Json) -> Json:
    given = body.get("expression", before.get("expression", UNDEFINED))
    return {"expression": string(given, f"{path}.expression", longest=1000)}


def _bare(body: Json, path: str, _: Objects, __: Json) -> Json:
    only_keys(body, path, ())
    return {}


def _contents_table(body: Json, path: str, _: Objects, before: Json) -> Json:
    given = body.get("color", before.get("color", "default"))
    return {"color": one_of(given, f"{path}.color", API_COLORS)}


def _column(body: Json, path: str, _: Objects, before: Json) -> Json:
    only_keys(body, path, ("width_ratio",))
    return before | body


def _media(*, has_name: bool = False) -> Parser:
    def parse(body: Json, path: str, objects: Objects, before: Json) -> Json:
        content: Json = {"caption": _rich("caption", body, path, objects, before)}
        if before and not {"external", "file_upload", "file"} & set(body):
            content |= {key: before[key] for key in ("type", before["type"])}
        else:
            content |= parse_file(body, path, objects)
        if has_name:
            fallback = before.get("name") or _file_name(content)
            content["name"] = string(body.get("name") or fallback, f"{path}.name")
        return content

    return parse


def _file_name(content: Json) -> str:
    address = str(content[content["type"]]["url"])
    return address.split("?", maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]


def _linked(body: Json, path: str, objects: Objects, before: Json) -> Json:
    only_keys(body, path, ("url", "caption"))
    url = checked_url(body.get("url", before.get("url", UNDEFINED)), f"{path}.url")
    return {"caption": _rich("caption", body, path, objects, before), "url": url}


def _link_to_page(body: Json, path: str, objects: Objects, _: Json) -> Json:
    kinds = [key for key in ("page_id", "database_id", "comment_id") if key in body]
    if not kinds:
        raise invalid(f"{path}.page_id", "defined", UNDEFINED)
    linked = an_id(body[kinds[0]], f"{path}.{kinds[0]}")
    if kinds[0] == "page_id":
        objects.page(linked)
    return {"type": kinds[0], kinds[0]: linked}


def _table(body: Json, path: str, _: Objects, before: Json) -> Json:
    width = body.get("table_width", before.get("table_width", UNDEFINED))
    if isinstance(width, bool) or not isinstance(width, int):
        raise invalid(f"{path}.table_width", "defined", width)
    if before and width != before["table_width"]:
        raise validation("The width of a table cannot be changed.")
    content: Json = {"table_width": width}
    for key in ("has_column_header", "has_row_header"):
        content[key] = boolean(body.get(key, before.get(key, False)), f"{path}.{key}")
    return content


def _table_row(body: Json, path: str, objects: Objects, _: Json) -> Json:
    cells = an_array(body.get("cells", UNDEFINED), f"{path}.cells")
    return {
        "cells": [
            parse_rich_text(cell, f"{path}.cells[{index}]", objects)
            for index, cell in enumerate(cells)
        ]
    }


def _synced(body: Json, path: str, objects: Objects, _: Json) -> Json:
    if body.get("synced_from") is None:
        return {"synced_from": None}
    original = an_object(body["synced_from"], f"{path}.synced_from")
    block_id = an_id(original.get("block_id", UNDEFINED), f"{path}.synced_from.block_id")
    objects.block(block_id)
    return {"synced_from": {"type": "block_id", "block_id": block_id}}


CREATABLE: dict[str, Parser] = {
    "paragraph": _text("icon"),
    "heading_1": _text("is_toggleable"),
    "heading_2": _text("is_toggleable"),
    "heading_3": _text("is_toggleable"),
    "heading_4": _text("is_toggleable"),
    "bulleted_list_item": _text(),
    "numbered_list_item": _text(),
    "quote": _text(),
    "toggle": _text(),
    "to_do": _text("checked"),
    "callout": _text("icon"),
    "template": _template,
    "code": _code,
    "equation": _equation,
    "divider": _bare,
    "breadcrumb": _bare,
    "tab": _bare,
    "column_list": _bare,
    "column": _column,
    "table_of_contents": _contents_table,
    "embed": _linked,
    "bookmark": _linked,
    "image": _media(),
    "video": _media(),
    "pdf": _media(),
    "audio": _media(),
    "file": _media(has_name=True),
    "link_to_page": _link_to_page,
    "table": _table,
    "table_row": _table_row,
    "synced_block": _synced,
}
_SHOWN_ONLY = (
    "parent",
    "created_time",
    "last_edited_time",
    "created_by",
    "last_edited_by",
    "has_children",
    "request_id",
)
