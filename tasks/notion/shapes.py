"""The shapes of Notion's answers, as far as the sync leans on them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_QUERY = re.compile(r"data_sources/[^/]+/query")
_OBJECT = re.compile(r"(pages|databases|data_sources)/[^/]+")
_HAS_PROPERTIES = {"pages", "data_sources"}


def has_shape(path: str, answer: object) -> bool:
    """True if `answer` may be Notion's to a request for `path`."""
    if not isinstance(answer, Mapping):
        return False
    if _QUERY.fullmatch(path):
        return _is_listing(answer)
    found = _OBJECT.fullmatch(path)
    if found is None:
        return bool(answer)
    return isinstance(answer.get("id"), str) and (
        found[1] not in _HAS_PROPERTIES or _has_properties(answer)
    )


def _is_listing(answer: Mapping[str, object]) -> bool:
    rows = answer.get("results")
    is_whole = not answer.get("has_more") or isinstance(answer.get("next_cursor"), str)
    return is_whole and isinstance(rows, list) and all(_is_row(row) for row in rows)


def _is_row(row: object) -> bool:
    return (
        isinstance(row, Mapping)
        and isinstance(row.get("id"), str)
        and isinstance(row.get("created_time"), str)
        and _has_properties(row)
    )


def _has_properties(record: Mapping[str, object]) -> bool:
    properties = record.get("properties")
    return isinstance(properties, Mapping) and all(
        isinstance(one, Mapping) and isinstance(one.get("type"), str) for one in properties.values()
    )
