"""The functions of rollups over the plain values of related pages (pure).

Source: the names are those of the public type declarations (common.ts: RollupFunction).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from sandbox.notion.computed.spans import Span

ARRAY_FUNCTIONS = ("show_original", "show_unique")
_EMPTY: tuple[Any, ...] = (None, "", [])


def roll_up(function: str, values: list[Any]) -> tuple[str, Any]:
    """Kind ("number", "date" or "array") and value."""
    if function in ARRAY_FUNCTIONS:
        return "array", _unique(values) if function == "show_unique" else values
    if function in {"earliest_date", "latest_date", "date_range"}:
        return "date", _dates(function, values)
    if function in _NUMBERS:
        return "number", _NUMBERS[function](_numbers(values))
    if function in _COUNTS:
        return "number", _COUNTS[function](values)
    return "array", values


def _unique(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _numbers(values: list[Any]) -> list[float]:
    return [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]


def _dates(function: str, values: list[Any]) -> Span | None:
    spans = [value for value in values if isinstance(value, Span)]
    if not spans:
        return None
    first = min(spans, key=lambda span: span.start)
    last = max(spans, key=lambda span: span.end or span.start)
    if function == "date_range":
        return Span(first.start, last.end or last.start, is_day=first.is_day)
    return first if function == "earliest_date" else last


def _empty(values: list[Any]) -> int:
    return sum(value in _EMPTY for value in values)


def _share(part: int, values: list[Any]) -> float:
    return part / len(values) if values else 0


def _items(values: list[Any]) -> int:
    return sum(len(each) if isinstance(each, list) else each not in _EMPTY for each in values)


_NUMBERS: dict[str, Callable[[list[float]], float | None]] = {
    "sum": sum,
    "average": lambda found: statistics.fmean(found) if found else None,
    "median": lambda found: statistics.median(found) if found else None,
    "min": lambda found: min(found, default=None),
    "max": lambda found: max(found, default=None),
    "range": lambda found: max(found) - min(found) if found else None,
}

_COUNTS: dict[str, Callable[[list[Any]], float]] = {
    "count": len,
    "count_values": _items,
    "empty": _empty,
    "not_empty": lambda values: len(values) - _empty(values),
    "unique": lambda values: len(_unique([each for each in values if each not in _EMPTY])),
    "percent_empty": lambda values: _share(_empty(values), values),
    "percent_not_empty": lambda values: _share(len(values) - _empty(values), values),
    "checked": lambda values: sum(value is True for value in values),
    "unchecked": lambda values: sum(value is False for value in values),
    "percent_checked": lambda values: _share(sum(value is True for value in values), values),
    "percent_unchecked": lambda values: _share(sum(value is False for value in values), values),
}

FUNCTIONS = (
    *_COUNTS,
    *_NUMBERS,
    *ARRAY_FUNCTIONS,
    "earliest_date",
    "latest_date",
    "date_range",
    "count_per_group",
    "percent_per_group",
)
