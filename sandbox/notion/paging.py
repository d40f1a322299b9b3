"""Pages of long lists, and the cursors that lead through them.

A query's cursor is `s:<session>:<id of the next page's first row>`; the session keeps the order
of the rows as it was at the first page and ends with the store. Every other list has the plain id
of its next element. Source: docs/facts/notion.md, "Queries".
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.notion.errors import invalid, validation
from sandbox.notion.ids import new_id, parse_id

T = TypeVar("T")

LARGEST_PAGE = 100
_CURSOR = re.compile(r"s:([0-9a-f-]{36}):([0-9a-f-]{36})")
_MOST_SESSIONS = 500


@dataclass(frozen=True)
class Slice:
    """One page of ids, and the id of the next page's first element."""

    ids: list[str]
    following: str | None


def page_size(value: object, path: str) -> int:
    """How many elements a page shall have: 1-100, more is cut to 100, none or 0 means 100."""
    if isinstance(value, str) and value.isdecimal() and path.startswith("query."):
        value = int(value)
    if value is None or value == 0:
        return LARGEST_PAGE
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(path, "a number or `undefined`", value)
    if value < 0:
        raise invalid(path, "≥ `0` or `undefined`", value)
    return min(int(value), LARGEST_PAGE)


def invalid_cursor(cursor: object) -> Exception:
    """400 for a cursor that leads nowhere, or no longer."""
    return validation(f"The start_cursor provided is invalid: {cursor}")


def cut(ids: Sequence[str], start: int, size: int) -> Slice:
    """The page of `size` elements that begins at `start`."""
    following = ids[start + size] if start + size < len(ids) else None
    return Slice(list(ids[start : start + size]), following)


def take(
    items: Sequence[T],
    name: Callable[[T], str],
    parameters: Mapping[str, Any],
    path: str,
) -> tuple[list[T], str | None]:
    """A page of `items` and the cursor of the next; `name` gives an item's cursor.

    `parameters` is the query or body with `page_size` and `start_cursor`.
    """
    size = page_size(parameters.get("page_size"), f"{path}.page_size")
    start = 0
    cursor = parameters.get("start_cursor")
    if cursor is not None:
        start = _position(items, name, cursor, path)
    end = start + size
    return list(items[start:end]), name(items[end]) if end < len(items) else None


def list_json(results: list[Any], cursor: str | None, kind: str) -> dict[str, Any]:
    """The envelope of a list of `kind`."""
    return {
        "object": "list",
        "results": results,
        "next_cursor": cursor,
        "has_more": cursor is not None,
        "type": kind,
        kind: {},
    }


@dataclass
class _Session:
    data_source_id: str
    ids: list[str]
    place: dict[str, int]
    is_cut: bool
    born: float


class Sessions:
    """The queries under way: for each the ids of its rows in order."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Session] = OrderedDict()

    def begin(
        self, data_source_id: str, ids: list[str], size: int, now: float, *, is_cut: bool
    ) -> tuple[Slice, str | None]:
        """The first page, and the cursor of the second; `is_cut`: there were more rows."""
        first = cut(ids, 0, size)
        if first.following is None:
            return first, None
        session_id = new_id()
        place = {row: index for index, row in enumerate(ids)}
        self._open[session_id] = _Session(data_source_id, ids, place, is_cut, now)
        while len(self._open) > _MOST_SESSIONS:
            self._open.popitem(last=False)
        return first, f"s:{session_id}:{first.following}"

    def resume(
        self, data_source_id: str, cursor: object, size: int, now: float, lifetime: float | None
    ) -> tuple[Slice, str | None, bool]:
        """A further page, the next cursor, and whether the result is cut. Raises ApiError 400."""
        found = _CURSOR.fullmatch(cursor) if isinstance(cursor, str) else None
        session = self._open.get(found[1]) if found else None
        if found is None or session is None or session.data_source_id != data_source_id:
            raise invalid_cursor(cursor)
        if lifetime is not None and now - session.born > lifetime:
            del self._open[found[1]]
            raise invalid_cursor(cursor)
        start = session.place.get(found[2])
        if start is None:
            raise invalid_cursor(cursor)
        self._open.move_to_end(found[1])
        page = cut(session.ids, start, size)
        following = None if page.following is None else f"s:{found[1]}:{page.following}"
        return page, following, session.is_cut


def _position(items: Sequence[T], name: Callable[[T], str], cursor: object, path: str) -> int:
    wanted = parse_id(cursor)
    if wanted is None:
        raise invalid(f"{path}.start_cursor", "a valid uuid or `undefined`", cursor)
    for index, item in enumerate(items):
        if name(item) == wanted:
            return index
    raise invalid_cursor(cursor)
