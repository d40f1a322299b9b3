"""`POST /v1/search`: pages and data sources by title.

The latest edited come first unless asked otherwise. Source: the public type declarations of
Notion's JavaScript client (search.ts).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_object, one_of, only_keys, string
from sandbox.notion.errors import UNDEFINED
from sandbox.notion.paging import list_json, take
from sandbox.notion.shapes import Shapes
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import DataSource, Page

Json = dict[str, Any]

_KINDS = ("page", "data_source")


def search(objects: Objects, shapes: Shapes, body: Json) -> Json:
    """The list of what bears the words of `query` in its title. Raises ApiError 400."""
    only_keys(body, "body", ("query", "sort", "filter", "start_cursor", "page_size"))
    words = string(body.get("query") or "", "body.query").casefold()
    kind = _kind(body.get("filter"))
    newest_first = _newest_first(body.get("sort"))
    found: list[Page | DataSource] = []
    if kind != "data_source":
        found += [page for page in objects.pages.values() if _bears(objects, page, words)]
    if kind != "page":
        found += [each for each in objects.data_sources.values() if _bears(objects, each, words)]
    found.sort(key=lambda each: (each.edited, each.revision), reverse=newest_first)
    page, cursor = take(found, lambda each: each.id, body, "body")
    results = [
        shapes.page(each) if isinstance(each, Page) else shapes.data_source(each) for each in page
    ]
    return list_json(results, cursor, "page_or_data_source")


def _bears(objects: Objects, record: Page | DataSource, words: str) -> bool:
    title = objects.title_of(record.id) or ""
    return words in title.casefold() and not objects.is_trashed(record)


def _kind(value: object) -> str | None:
    if value is None or value == {}:
        return None
    given = an_object(value, "body.filter")
    one_of(given.get("property", UNDEFINED), "body.filter.property", ("object",))
    return one_of(given.get("value", UNDEFINED), "body.filter.value", _KINDS)


def _newest_first(value: object) -> bool:
    if value is None or value == {}:
        return True
    given = an_object(value, "body.sort")
    one_of(
        given.get("timestamp", UNDEFINED), "body.sort.timestamp", ("last_edited_time", "relevance")
    )
    directions = ("ascending", "descending")
    direction = given.get("direction", "descending")
    return one_of(direction, "body.sort.direction", directions) == "descending"
