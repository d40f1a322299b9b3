"""Filters of a query: the tree of conditions, made into one function from a row to yes or no.

Pure: what a row holds is read by the `Readers` given. Source: docs/facts/notion.md, "Filters":
compounds to two levels, one condition an object, text conditions on any textual property.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sandbox.notion.checks import an_array, an_object, one_of, string
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.queries.conditions import FAMILIES, condition

Json = dict[str, Any]
R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)
RowTest = Callable[[R], bool]

_COMPOUNDS = ("and", "or")
_DEEPEST = 2
_TIMESTAMPS = ("created_time", "last_edited_time")
_FORMULA_KINDS = {"string": "text", "number": "number", "checkbox": "checkbox", "date": "date"}
_PEOPLE = ("people", "created_by", "last_edited_by")


class Readers(Protocol[R_contra]):
    """What a filter has to know of a data source."""

    def property(self, key: str) -> tuple[str, Callable[[R_contra], Any]] | None:
        """Type and reader of the property with this name or id; None if there is none."""

    def timestamp(self, name: str) -> Callable[[R_contra], Any]:
        """The reader of `created_time` or `last_edited_time`."""


def compile_filter(body: object, readers: Readers[R], now: datetime) -> RowTest[R]:
    """A test of rows. Raises ApiError 400 for a filter Notion would refuse."""
    return _Compiling(readers, now).node(body, "body.filter", 0)


@dataclass(frozen=True)
class _Compiling:
    readers: Readers[Any]
    now: datetime

    def node(self, body: object, path: str, depth: int) -> RowTest[Any]:
        given = an_object(body, path)
        compounds = [key for key in _COMPOUNDS if key in given]
        if not compounds:
            return self._leaf(given, path)
        key = compounds[0]
        if depth == _DEEPEST:
            raise invalid(f"{path}.{key}", "not present", given[key])
        for other in given:
            if other != key:
                raise invalid(f"{path}.{other}", "not present", given[other])
        parts = an_array(given[key], f"{path}.{key}")
        tests = [
            self.node(part, f"{path}.{key}[{index}]", depth + 1) for index, part in enumerate(parts)
        ]
        if key == "and":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _leaf(self, given: Json, path: str) -> RowTest[Any]:
        if "timestamp" in given:
            return self._timestamp(given, path)
        key = string(given.get("property", UNDEFINED), f"{path}.property")
        kind = self._only_kind(given, path, ("property", "type"))
        found = self.readers.property(key)
        if found is None:
            raise validation(f"Could not find property with name or id: {key}")
        real, read = found
        test = self._test(real, kind, given[kind], f"{path}.{kind}")
        return lambda row: test(read(row))

    def _timestamp(self, given: Json, path: str) -> RowTest[Any]:
        name = one_of(given["timestamp"], f"{path}.timestamp", _TIMESTAMPS)
        kind = self._only_kind(given, path, ("timestamp", "type"))
        if kind != name:
            raise invalid(f"{path}.{name}", "defined", UNDEFINED)
        read = self.readers.timestamp(name)
        test = condition("date", given[kind], f"{path}.{kind}", self.now)
        return lambda row: test(read(row))

    def _only_kind(self, given: Json, path: str, others: tuple[str, ...]) -> str:
        kinds = [key for key in given if key not in others]
        for extra in kinds[1:]:
            raise invalid(f"{path}.{extra}", "not present", given[extra])
        if not kinds:
            raise invalid(f"{path}.title", "defined", UNDEFINED)
        return kinds[0]

    def _test(self, real: str, kind: str, body: object, path: str) -> Callable[[Any], bool]:
        if real in {"formula", "rollup"} and kind == real:
            maker = self._formula if kind == "formula" else self._rollup
            return maker(an_object(body, path), path)
        if kind not in FAMILIES and kind not in {"formula", "rollup"}:
            raise invalid(path, "not present", body)
        if not _fits(real, kind):
            raise validation(
                "The property type in the database does not match the property type of the filter "
                f"provided: database property {real} does not match filter {kind}"
            )
        return condition(FAMILIES[kind], body, path, self.now)

    def _formula(self, body: Json, path: str) -> Callable[[Any], bool]:
        kind = self._only_kind(body, path, ())
        if kind not in _FORMULA_KINDS:
            raise invalid(f"{path}.{kind}", "not present", body[kind])
        test = condition(_FORMULA_KINDS[kind], body[kind], f"{path}.{kind}", self.now)
        return lambda value: _guarded(test, value)

    def _rollup(self, body: Json, path: str) -> Callable[[Any], bool]:
        kind = self._only_kind(body, path, ())
        inner = body[kind]
        if kind in {"number", "date"}:
            test = condition(kind, inner, f"{path}.{kind}", self.now)
            return lambda rolled: _guarded(test, rolled.value if rolled.kind == kind else None)
        if kind not in {"any", "every", "none"}:
            raise invalid(f"{path}.{kind}", "not present", inner)
        over = an_object(inner, f"{path}.{kind}")
        of = self._only_kind(over, f"{path}.{kind}", ())
        if of not in FAMILIES:
            raise invalid(f"{path}.{kind}.{of}", "not present", over[of])
        each = condition(FAMILIES[of], over[of], f"{path}.{kind}.{of}", self.now)
        return lambda rolled: _quantified(kind, each, rolled.value)


def _fits(real: str, kind: str) -> bool:
    if real == kind:
        return True
    if kind not in FAMILIES or real not in FAMILIES:
        return False
    if FAMILIES[real] in {"text", "date"}:
        return FAMILIES[real] == FAMILIES[kind] and kind != "number"
    return real in _PEOPLE and kind in _PEOPLE


def _guarded(test: Callable[[Any], bool], value: Any) -> bool:
    """False where a formula's result is of another kind than the condition."""
    try:
        return test(value)
    except (AttributeError, TypeError):
        return False


def _quantified(kind: str, test: Callable[[Any], bool], values: Any) -> bool:
    found = [_guarded(test, value) for value in values] if isinstance(values, list) else []
    if kind == "any":
        return any(found)
    return all(found) if kind == "every" else not any(found)
