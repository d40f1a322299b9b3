"""The conditions of filters over plain values (pure): one function from a value to yes or no.

Source: docs/facts/notion.md, "Filters". Comparisons of text ignore case: recorded for contains
and starts_with, assumed for the others. Relative dates count whole UTC days from the clock given.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.notion.checks import an_id, an_object, boolean, string
from sandbox.notion.computed.spans import Span
from sandbox.notion.errors import invalid
from sandbox.notion.times import instant

Test = Callable[[Any], bool]

FAMILIES = {
    "title": "text",
    "rich_text": "text",
    "url": "text",
    "email": "text",
    "phone_number": "text",
    "number": "number",
    "unique_id": "number",
    "checkbox": "checkbox",
    "select": "option",
    "status": "option",
    "multi_select": "options",
    "people": "ids",
    "created_by": "ids",
    "last_edited_by": "ids",
    "relation": "ids",
    "files": "existence",
    "date": "date",
    "created_time": "date",
    "last_edited_time": "date",
    "verification": "verification",
}
"""Property type → the family of conditions it takes."""

_CAN_BE_EMPTY = ("text", "number", "option", "options", "ids", "date", "existence")
_WEEK = timedelta(days=7)


def condition(family: str, body: object, path: str, now: datetime) -> Test:
    """The test that `body` (`{"contains": "x"}`) stands for. Raises ApiError 400."""
    given = an_object(body, path)
    if len(given) != 1:
        raise invalid(path, "an object with exactly one condition", body)
    ((operator, value),) = given.items()
    where = f"{path}.{operator}"
    if family in _CAN_BE_EMPTY and operator in {"is_empty", "is_not_empty"}:
        return _existence(operator, value, where)
    if family == "date":
        return _date(operator, value, where, now)
    maker = _MAKERS.get(family, {}).get(operator)
    if maker is None:
        raise invalid(where, "not present", value)
    return maker(value, where)


def _existence(operator: str, value: object, path: str) -> Test:
    if value is not True:
        raise invalid(path, "`true`", value)
    if operator == "is_empty":
        return lambda found: found is None or found in ("", [])
    return lambda found: not (found is None or found in ("", []))


def _text(compare: Callable[[str, str], bool]) -> Callable[[object, str], Test]:
    def make(value: object, path: str) -> Test:
        wanted = string(value, path).casefold()
        return lambda found: compare((found or "").casefold(), wanted)

    return make


def _number(
    compare: Callable[[Any, Any], bool], *, of_empty: bool
) -> Callable[[object, str], Test]:
    def make(value: object, path: str) -> Test:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(path, "a number", value)
        return lambda found: of_empty if found is None else compare(found, value)

    return make


def _checkbox(*, negated: bool) -> Callable[[object, str], Test]:
    def make(value: object, path: str) -> Test:
        wanted = boolean(value, path) is not negated
        return lambda found: bool(found) is wanted

    return make


def _option(*, negated: bool) -> Callable[[object, str], Test]:
    """One name, or several of which one has to be it (since April 2026)."""

    def make(value: object, path: str) -> Test:
        wanted = _names(value, path)
        return lambda found: (found in wanted) is not negated

    return make


def _options(*, negated: bool) -> Callable[[object, str], Test]:
    def make(value: object, path: str) -> Test:
        wanted = _names(value, path)
        return lambda found: any(each in wanted for each in found or ()) is not negated

    return make


def _names(value: object, path: str) -> set[str]:
    if isinstance(value, list):
        return {string(each, f"{path}[{index}]") for index, each in enumerate(value)}
    return {string(value, path)}


def _ids(*, negated: bool) -> Callable[[object, str], Test]:
    def make(value: object, path: str) -> Test:
        wanted = an_id(value, path)
        return lambda found: (wanted in (found or ())) is not negated

    return make


def _verified(value: object, path: str) -> Test:
    wanted = string(value, path)
    return lambda found: ((found or {}).get("state", "none")) == wanted


_MAKERS: dict[str, dict[str, Callable[[object, str], Test]]] = {
    "text": {
        "equals": _text(lambda found, wanted: found == wanted),
        "does_not_equal": _text(lambda found, wanted: found != wanted),
        "contains": _text(lambda found, wanted: wanted in found),
        "does_not_contain": _text(lambda found, wanted: wanted not in found),
        "starts_with": _text(str.startswith),
        "ends_with": _text(str.endswith),
    },
    "number": {
        "equals": _number(lambda found, wanted: found == wanted, of_empty=False),
        "does_not_equal": _number(lambda found, wanted: found != wanted, of_empty=True),
        "greater_than": _number(lambda found, wanted: found > wanted, of_empty=False),
        "less_than": _number(lambda found, wanted: found < wanted, of_empty=False),
        "greater_than_or_equal_to": _number(lambda found, wanted: found >= wanted, of_empty=False),
        "less_than_or_equal_to": _number(lambda found, wanted: found <= wanted, of_empty=False),
    },
    "checkbox": {
        "equals": _checkbox(negated=False),
        "does_not_equal": _checkbox(negated=True),
    },
    "option": {"equals": _option(negated=False), "does_not_equal": _option(negated=True)},
    "options": {"contains": _options(negated=False), "does_not_contain": _options(negated=True)},
    "ids": {"contains": _ids(negated=False), "does_not_contain": _ids(negated=True)},
    "verification": {"status": _verified},
}


def _date(operator: str, value: object, path: str, now: datetime) -> Test:
    if operator in _RELATIVE:
        an_object(value, path)
        first, last = _RELATIVE[operator](now)
        return lambda span: span is not None and first.date() <= span.start.date() <= last.date()
    if operator not in _ABSOLUTE:
        raise invalid(path, "not present", value)
    text = string(value, path)
    wanted = instant(text)
    if wanted is None:
        raise invalid(path, "a valid ISO 8601 date string", value)
    compare = _ABSOLUTE[operator]
    moment, is_day = wanted
    if is_day:
        return lambda span: span is not None and compare(_day(span), moment.toordinal())
    return lambda span: span is not None and compare(span.start, moment)


def _day(span: Span) -> int:
    return span.start.toordinal()


_ABSOLUTE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda found, wanted: found == wanted,
    "before": lambda found, wanted: found < wanted,
    "after": lambda found, wanted: found > wanted,
    "on_or_before": lambda found, wanted: found <= wanted,
    "on_or_after": lambda found, wanted: found >= wanted,
}


def _months(moment: datetime, count: int) -> datetime:
    """The same day `count` months on, or the month's last."""
    month = moment.month - 1 + count
    year, month = moment.year + month // 12, month % 12 + 1
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month)


def _this_week(now: datetime) -> tuple[datetime, datetime]:
    """Sunday to Saturday."""
    sunday = now - timedelta(days=(now.weekday() + 1) % 7)
    return sunday, sunday + timedelta(days=6)


_RELATIVE: dict[str, Callable[[datetime], tuple[datetime, datetime]]] = {
    "this_week": _this_week,
    "past_week": lambda now: (now - _WEEK, now),
    "past_month": lambda now: (_months(now, -1), now),
    "past_year": lambda now: (_months(now, -12), now),
    "next_week": lambda now: (now, now + _WEEK),
    "next_month": lambda now: (now, _months(now, 1)),
    "next_year": lambda now: (now, _months(now, 12)),
}
