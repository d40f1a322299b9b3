"""The order of a query's rows (pure).

Rows come newest first where nothing else is asked (docs/facts/notion.md, "Queries"). Options
sort in the order of the schema and empty values last: both are customary, neither is proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from sandbox.notion.checks import an_array, an_object, one_of, only_keys, string
from sandbox.notion.errors import UNDEFINED, validation

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)
Key = tuple[Callable[[R], Any], bool]
"""A reader of comparable values (None: empty) and whether the order is descending."""

_TIMESTAMPS = ("created_time", "last_edited_time")
_DIRECTIONS = ("ascending", "descending")


class SortReaders(Protocol[R_contra]):
    """What sorting has to know of a data source."""

    def sort_key(self, key: str) -> Callable[[R_contra], Any] | None:
        """Comparable values of the property with this name or id; None if there is none."""

    def timestamp(self, name: str) -> Callable[[R_contra], Any]:
        """The reader of `created_time` or `last_edited_time`."""


def parse_sorts(body: object, readers: SortReaders[R]) -> list[Key[R]]:
    """The keys of `sorts`, most important first. Raises ApiError 400."""
    if body is None:
        return []
    keys: list[Key[R]] = []
    for index, item in enumerate(an_array(body, "body.sorts")):
        path = f"body.sorts[{index}]"
        given = an_object(item, path)
        only_keys(given, path, ("property", "timestamp", "direction"))
        direction = one_of(given.get("direction", "ascending"), f"{path}.direction", _DIRECTIONS)
        keys.append((_reader(given, path, readers), direction == "descending"))
    return keys


def in_order(rows: Iterable[R], keys: list[Key[R]], age: Callable[[R], int]) -> list[R]:
    """`rows` sorted by `keys`; what ties stays in the direction of the last key by `age`.

    `age` counts creations; without keys the newest comes first.
    """
    newest_first = not keys or keys[-1][1]
    ordered = sorted(rows, key=age, reverse=newest_first)
    for read, is_descending in reversed(keys):
        found = [(read(row), row) for row in ordered]
        filled = [pair for pair in found if pair[0] is not None]
        filled.sort(key=lambda pair: pair[0], reverse=is_descending)
        empty = [row for value, row in found if value is None]
        ordered = [row for _, row in filled] + empty
    return ordered


def _reader(given: dict[str, Any], path: str, readers: SortReaders[R]) -> Callable[[R], Any]:
    if "timestamp" in given:
        return readers.timestamp(one_of(given["timestamp"], f"{path}.timestamp", _TIMESTAMPS))
    key = string(given.get("property", UNDEFINED), f"{path}.property")
    found = readers.sort_key(key)
    if found is None:
        raise validation(f"Could not find sort property with name or id: {key}")
    return found
