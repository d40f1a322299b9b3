"""Rich text: what a request may send, and what Notion answers with.

Sources: docs/facts/notion.md, "Size limits", and the public types of Notion's JavaScript
client (src/api-endpoints/common.ts: RichTextItemRequest, RichTextItemResponse).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from sandbox.notion.checks import (
    an_array,
    an_id,
    an_object,
    boolean,
    one_of,
    only_keys,
    string,
    within,
)
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import hex_of
from sandbox.notion.times import date_value
from sandbox.notion.users import full_user, user_name

Json = dict[str, Any]

COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
API_COLORS = (*COLORS, *(f"{color}_background" for color in COLORS))
_STYLES = ("bold", "italic", "strikethrough", "underline", "code")
_PLAIN: Json = dict.fromkeys(_STYLES, False) | {"color": "default"}
_ITEM_KEYS = ("type", "text", "mention", "equation", "annotations", "plain_text", "href")
_LONGEST_TEXT = 2000
_LONGEST_EQUATION = 1000


class Titles(Protocol):
    """Who knows what pages and databases are called."""

    def title_of(self, object_id: str) -> str | None:
        """The plain title of a page or database; None if there is no such thing."""


def plain(text: str | Iterable[Json] | None) -> str:
    """The words of rich text without their styling, compact or not."""
    if not text:
        return ""
    return text if isinstance(text, str) else "".join(item["plain_text"] for item in text)


def compact(items: list[Json]) -> str | list[Json]:
    """Rich text as it is kept: one text without link and styling as a mere string.

    A table of 10,000 rows then is a quarter as large.
    """
    return items[0]["plain_text"] if items == [text_item(plain(items))] else items


def expanded(text: str | list[Json] | None) -> list[Json]:
    """Rich text as responses show it, from how it is kept."""
    return [text_item(text)] if isinstance(text, str) else text or []


def text_item(content: str, link: str | None = None, annotations: Json | None = None) -> Json:
    """A text as Notion answers with it."""
    return {
        "type": "text",
        "text": {"content": content, "link": None if link is None else {"url": link}},
        "annotations": annotations or dict(_PLAIN),
        "plain_text": content,
        "href": link,
    }


def parse_rich_text(value: object, path: str, titles: Titles) -> list[Json]:
    """The items of `value` as responses show them; empty texts vanish.

    Raises ApiError 400 for what Notion would refuse.
    """
    items = an_array(value, path)
    parsed = [_item(item, f"{path}[{index}]", titles) for index, item in enumerate(items)]
    return [item for item in parsed if item["plain_text"] or item["type"] != "text"]


def _item(value: object, path: str, titles: Titles) -> Json:
    item = an_object(value, path)
    only_keys(item, path, _ITEM_KEYS)
    annotations = _annotations(item.get("annotations"), f"{path}.annotations")
    if "mention" in item:
        return _mention(item["mention"], f"{path}.mention", titles) | {"annotations": annotations}
    if "equation" in item:
        return _equation(item["equation"], f"{path}.equation", annotations)
    return _text(item.get("text", UNDEFINED), f"{path}.text", annotations)


def _annotations(value: object, path: str) -> Json:
    if value is None:
        return dict(_PLAIN)
    given = an_object(value, path)
    only_keys(given, path, _PLAIN)
    for style in _STYLES:
        if style in given:
            boolean(given[style], f"{path}.{style}")
    if "color" in given:
        one_of(given["color"], f"{path}.color", API_COLORS)
    return _PLAIN | given


def _text(value: object, path: str, annotations: Json) -> Json:
    text = an_object(value, path)
    only_keys(text, path, ("content", "link"))
    content = string(text.get("content", UNDEFINED), f"{path}.content", longest=_LONGEST_TEXT)
    return text_item(content, _link(text.get("link"), f"{path}.link"), annotations)


def _link(value: object, path: str) -> str | None:
    if value is None:
        return None
    link = an_object(value, path)
    url = string(link.get("url", UNDEFINED), f"{path}.url", longest=_LONGEST_TEXT)
    if not url.startswith(("/", "#", "mailto:", "tel:")) and "://" not in url:
        raise validation("Invalid URL for link.")
    return url


def _equation(value: object, path: str, annotations: Json) -> Json:
    expression = string(
        an_object(value, path).get("expression", UNDEFINED),
        f"{path}.expression",
        longest=_LONGEST_EQUATION,
    )
    return {
        "type": "equation",
        "equation": {"expression": expression},
        "annotations": annotations,
        "plain_text": expression,
        "href": None,
    }


def _mention(value: object, path: str, titles: Titles) -> Json:
    mention = an_object(value, path)
    kinds = [kind for kind in mention if kind != "type"]
    if len(kinds) != 1:
        raise invalid(path, "a mention of one kind", value)
    kind = kinds[0]
    shape, text, href = _mentioned(kind, mention[kind], f"{path}.{kind}", titles)
    return {
        "type": "mention",
        "mention": {"type": kind, kind: shape},
        "annotations": None,
        "plain_text": text,
        "href": href,
    }


def _mentioned(kind: str, value: object, path: str, titles: Titles) -> tuple[Json, str, str | None]:
    body = an_object(value, path)
    match kind:
        case "user":
            user_id = an_id(body.get("id", UNDEFINED), f"{path}.id")
            return full_user(user_id), f"@{user_name(user_id)}", None
        case "page" | "database" | "data_source":
            object_id = an_id(body.get("id", UNDEFINED), f"{path}.id")
            title = titles.title_of(object_id)
            href = f"https://www.notion.so/{hex_of(object_id)}"
            return {"id": object_id}, title or "Untitled", href
        case "date":
            date = parse_date(body, path)
            text = date["start"] + (f" → {date['end']}" if date["end"] else "")
            return date, text, None
        case "template_mention":
            said = body.get("template_mention_date") or body.get("template_mention_user") or ""
            return body, f"@{str(said).capitalize()}", None
        case "custom_emoji":
            return body, f":{body.get('name', 'emoji')}:", None
        case "link_mention" | "link_preview":
            address = str(body.get("href") or body.get("url") or "")
            return body, address, address
    raise invalid(path, "not present", value)


def parse_date(value: object, path: str) -> Json:
    """A date with start, end and time_zone as responses show it. Raises ApiError 400."""
    body = an_object(value, path)
    only_keys(body, path, ("start", "end", "time_zone"))
    start = string(body.get("start", UNDEFINED), f"{path}.start")
    end, zone = body.get("end"), body.get("time_zone")
    for key in ("end", "time_zone"):
        if body.get(key) is not None:
            string(body[key], f"{path}.{key}")
    try:
        return date_value(start, end, zone)
    except ValueError:
        raise invalid(f"{path}.start", "a valid ISO 8601 date string", start) from None


def checked_url(value: object, path: str) -> str:
    """An address for url properties and files: a string of at most 2000 units."""
    url = string(value, path)
    within(url, path, _LONGEST_TEXT)
    return url
