"""`POST /v1/data_sources/{id}/query`.

Source: docs/facts/notion.md, "Queries" and "Filters". The first page filters and sorts and
remembers the order; later pages leave out rows that have gone to the trash or no longer match, so a
page may hold fewer rows than asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.notion.checks import boolean, not_null, one_of, only_keys
from sandbox.notion.computed.spans import Span
from sandbox.notion.errors import validation
from sandbox.notion.paging import Slice, list_json, page_size
from sandbox.notion.properties.property_ids import wanted_properties
from sandbox.notion.properties.reading import Rolled, reader, timestamp_reader
from sandbox.notion.properties.schemas import OPTION_TYPES, find_property
from sandbox.notion.queries.filters import compile_filter
from sandbox.notion.queries.sorts import in_order, parse_sorts
from sandbox.notion.users import user_name
from sandbox.notion.workspace.records import DataSource, Page

if TYPE_CHECKING:
    from sandbox.notion.shapes import Shapes
    from sandbox.notion.store import NotionStore
    from sandbox.notion.workspace.objects import Objects


Json = dict[str, Any]
Test = Callable[[Page], bool]

_KEYS = ("filter", "sorts", "start_cursor", "page_size", "archived", "in_trash", "is_archived")
_MORE_KEYS = ("result_type", "attributes_to_get")
_NEVER_NULL = {
    "filter": "an object",
    "sorts": "an array",
    "page_size": "a number",
    "start_cursor": "a string",
}
_INCOMPLETE = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


def query(
    store: NotionStore, shapes: Shapes, data_source_id: str, body: Json, only: list[str]
) -> Json:
    """The list of rows. Raises ApiError 400 or 404."""
    only_keys(body, "body", (*_KEYS, *_MORE_KEYS))
    not_null(body, "body", _NEVER_NULL)
    size = page_size(body.get("page_size"), "body.page_size")
    if "result_type" in body:
        one_of(body["result_type"], "body.result_type", ("page", "data_source"))
    selects_trash = _selected(body)
    source = store.objects.data_source(data_source_id)
    test = _test(store, source, body, selects_trash)
    wanted = wanted_properties(source.schema, only)
    found, cursor, is_cut = _page(store, source, body, test, size)
    rows = [store.index.row(source.id, row_id) for row_id in found.ids]
    results = [shapes.page(row, wanted) for row in rows if row is not None and test(row)]
    answer = list_json(results, cursor, "page_or_data_source")
    return answer | ({"request_status": dict(_INCOMPLETE)} if is_cut else {})


def _selected(body: Json) -> str | None:
    for key in ("in_trash", "archived", "is_archived"):
        if body.get(key) is not None and boolean(body[key], f"body.{key}"):
            return "is_archived" if key == "is_archived" else "in_trash"
    return None


def _test(store: NotionStore, source: DataSource, body: Json, selects: str | None) -> Test:
    given = body.get("filter")
    columns = _Columns(store.objects, source)
    matches: Test | None = None
    if given is not None and given != {}:
        matches = compile_filter(given, columns, store.objects.now())
    if selects is not None:
        return lambda page: getattr(page, selects) and (matches is None or matches(page))
    return lambda page: (
        not page.in_trash and not page.is_archived and (matches is None or matches(page))
    )


def _page(
    store: NotionStore, source: DataSource, body: Json, test: Test, size: int
) -> tuple[Slice, str | None, bool]:
    now = store.objects.now().timestamp()
    keys = parse_sorts(body.get("sorts"), _Columns(store.objects, source))
    rows = store.index.rows(source.id, now)
    cursor = body.get("start_cursor")
    if cursor is not None:
        return store.sessions.resume(source.id, cursor, size, now, store.cursor_lifetime)
    if body.get("result_type") == "data_source":
        return Slice([], None), None, False
    matching = in_order(filter(test, rows), keys, lambda row: row.sequence)
    is_cut = len(matching) > store.result_limit
    ids = [row.id for row in matching[: store.result_limit]]
    first, following = store.sessions.begin(source.id, ids, size, now, is_cut=is_cut)
    return first, following, is_cut


class _Columns:
    """What filters and sorts read of a data source's rows."""

    def __init__(self, objects: Objects, source: DataSource) -> None:
        self._objects = objects
        self._source = source

    def property(self, key: str) -> tuple[str, Callable[[Page], Any]] | None:
        config = find_property(self._source.schema, key)
        return None if config is None else (config["type"], reader(self._objects, config))

    def timestamp(self, name: str) -> Callable[[Page], Any]:
        return timestamp_reader(name)

    def sort_key(self, key: str) -> Callable[[Page], Any] | None:
        config = find_property(self._source.schema, key)
        if config is None:
            return None
        if config["type"] == "button":
            raise validation(f"Cannot sort by {config['name']}: a button has no value.")
        if config["type"] in OPTION_TYPES:
            return _option_order(config)
        read = reader(self._objects, config)
        if config["type"] in {"people", "created_by", "last_edited_by"}:
            return lambda page: ", ".join(map(user_name, read(page))).casefold() or None
        if config["type"] == "relation":
            return lambda page: self._titles(read(page))
        if config["type"] in {"formula", "rollup"}:
            return lambda page: _ranked(read(page))
        return lambda page: _comparable(read(page))

    def _titles(self, ids: list[str]) -> str | None:
        titles = [self._objects.title_of(each) or "" for each in ids]
        return ", ".join(titles).casefold() or None


def _option_order(config: Json) -> Callable[[Page], Any]:
    kind, key = config["type"], config["id"]
    place = {option["id"]: index for index, option in enumerate(config[kind]["options"])}
    if kind != "multi_select":
        return lambda page: place.get(page.values.get(key))
    return lambda page: (
        [place[each] for each in page.values.get(key) or () if each in place] or None
    )


def _comparable(value: Any) -> Any:
    """A value of a column that holds one kind of value; None if it is empty."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, Span):
        return value.start
    return [str(each).casefold() for each in value] if isinstance(value, list) else _flat(value)


def _flat(value: Any) -> Any:
    return str(value) if isinstance(value, dict) else value


def _ranked(value: Any) -> tuple[str, Any] | None:
    """A comparable value where a column may hold values of several kinds."""
    plain = _comparable(value.value if isinstance(value, Rolled) else value)
    if plain is None:
        return None
    if isinstance(plain, bool | int | float):
        return "number", float(plain)
    return type(plain).__name__, plain
