"""Filters, sorts and paging against a plain-Python model of them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.notion.computed.spans import Span
from sandbox.notion.paging import Sessions
from sandbox.notion.queries.filters import compile_filter
from sandbox.notion.queries.sorts import in_order, parse_sorts

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCE = "1f0d1d7a-7b1c-4b59-9d1e-6b6a2c1a0f00"

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Row:
    age: int
    words: str
    number: float | None
    done: bool
    kind: str | None
    tags: tuple[str, ...]
    day: int | None

    @property
    def id(self) -> str:
        return f"00000000-0000-4000-8000-{self.age:012d}"


words = st.text(alphabet="abAB ", max_size=3)
rows = st.lists(
    st.builds(
        Row,
        age=st.just(0),
        words=words,
        number=st.none() | st.integers(0, 3),
        done=st.booleans(),
        kind=st.none() | st.sampled_from(["x", "y"]),
        tags=st.lists(st.sampled_from("pqr"), unique=True).map(tuple),
        day=st.none() | st.integers(0, 5),
    ),
    max_size=12,
).map(lambda found: [dataclasses.replace(row, age=age) for age, row in enumerate(found)])


def span(row: Row) -> Span | None:
    start = NOW.replace(hour=0) + timedelta(days=row.day or 0)
    return None if row.day is None else Span(start, None, is_day=True)


class Columns:
    """The rows' properties, as the store would read them."""

    types: ClassVar = {
        "words": "rich_text",
        "number": "number",
        "done": "checkbox",
        "kind": "select",
    }
    more: ClassVar = {"tags": "multi_select", "day": "date"}

    def property(self, key: str) -> tuple[str, Any] | None:
        kind = (self.types | self.more).get(key)
        if kind is None:
            return None
        if key == "day":
            return kind, span
        return kind, lambda row: getattr(row, key)

    def timestamp(self, _: str) -> Any:
        return lambda row: Span(NOW + timedelta(minutes=row.age // 2), None, is_day=False)

    def sort_key(self, key: str) -> Any:
        return lambda row: getattr(row, key) if getattr(row, key) not in {"", ()} else None


def day(number: int) -> str:
    return (NOW + timedelta(days=number)).date().isoformat()


existence = st.sampled_from(["is_empty", "is_not_empty"]).map(lambda name: {name: True})
leaves = st.one_of(
    st.tuples(
        st.just(("words", "rich_text")),
        st.one_of(
            existence,
            st.tuples(
                st.sampled_from(
                    [
                        "equals",
                        "does_not_equal",
                        "contains",
                        "does_not_contain",
                        "starts_with",
                        "ends_with",
                    ]
                ),
                words,
            ).map(lambda pair: dict([pair])),
        ),
    ),
    st.tuples(
        st.just(("number", "number")),
        st.one_of(
            existence,
            st.tuples(
                st.sampled_from(
                    [
                        "equals",
                        "does_not_equal",
                        "greater_than",
                        "less_than",
                        "greater_than_or_equal_to",
                        "less_than_or_equal_to",
                    ]
                ),
                st.integers(0, 3),
            ).map(lambda pair: dict([pair])),
        ),
    ),
    st.tuples(
        st.just(("done", "checkbox")),
        st.tuples(st.sampled_from(["equals", "does_not_equal"]), st.booleans()).map(
            lambda pair: dict([pair])
        ),
    ),
    st.tuples(
        st.just(("kind", "select")),
        st.one_of(
            existence,
            st.tuples(st.sampled_from(["equals", "does_not_equal"]), st.sampled_from("xyz")).map(
                lambda pair: dict([pair])
            ),
        ),
    ),
    st.tuples(
        st.just(("tags", "multi_select")),
        st.tuples(st.sampled_from(["contains", "does_not_contain"]), st.sampled_from("pqrs")).map(
            lambda pair: dict([pair])
        ),
    ),
    st.tuples(
        st.just(("day", "date")),
        st.one_of(
            existence,
            st.tuples(
                st.sampled_from(["equals", "before", "after", "on_or_before", "on_or_after"]),
                st.integers(0, 5).map(day),
            ).map(lambda pair: dict([pair])),
        ),
    ),
).map(lambda pair: {"property": pair[0][0], pair[0][1]: pair[1]})


def compound(parts: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    several = st.lists(parts, max_size=3)
    return st.tuples(st.sampled_from(["and", "or"]), several).map(lambda pair: dict([pair]))


trees = st.one_of(leaves, compound(st.one_of(leaves, compound(leaves))))


def model(tree: Json, row: Row) -> bool:
    """What a filter means, told another way."""
    if "and" in tree:
        return False not in [model(part, row) for part in tree["and"]]
    if "or" in tree:
        return True in [model(part, row) for part in tree["or"]]
    name = tree["property"]
    ((operator, wanted),) = next(tree[key] for key in tree if key != "property").items()
    value = getattr(row, name)
    if operator in {"is_empty", "is_not_empty"}:
        return (value in (None, "")) == (operator == "is_empty")
    if operator.startswith("does_not_"):
        opposite = {"does_not_equal": "equals", "does_not_contain": "contains"}[operator]
        kind = next(key for key in tree if key != "property")
        return not model({"property": name, kind: {opposite: wanted}}, row)
    if name == "words":
        value, wanted = value.lower(), wanted.lower()
    if name == "day" and value is not None:
        value = day(value)
    if value is None:
        return False
    return bool(
        {
            "equals": lambda: value == wanted,
            "contains": lambda: wanted in value,
            "starts_with": lambda: value[: len(wanted)] == wanted,
            "ends_with": lambda: not wanted or value[-len(wanted) :] == wanted,
            "greater_than": lambda: value > wanted,
            "less_than": lambda: value < wanted,
            "greater_than_or_equal_to": lambda: value >= wanted,
            "less_than_or_equal_to": lambda: value <= wanted,
            "before": lambda: value < wanted,
            "after": lambda: value > wanted,
            "on_or_before": lambda: value <= wanted,
            "on_or_after": lambda: value >= wanted,
        }[operator]()
    )


@settings(max_examples=300, deadline=None)
@given(rows, trees)
def test_a_filter_selects_what_the_model_selects(found: list[Row], tree: Json) -> None:
    test = compile_filter(tree, Columns(), NOW)
    assert [row for row in found if test(row)] == [row for row in found if model(tree, row)]


sorts = st.lists(
    st.tuples(
        st.sampled_from(["words", "number", "done", "created_time"]),
        st.sampled_from(["ascending", "descending"]),
    ),
    max_size=3,
)


def precedes(first: Row, second: Row, wanted: list[tuple[str, str]]) -> bool:
    """Whether `first` may stand before `second`: told pair by pair."""
    columns = Columns()
    for name, direction in wanted:
        is_time = name == "created_time"
        read = columns.timestamp(name) if is_time else columns.sort_key(name)
        a, b = read(first), read(second)
        if a == b:
            continue
        if a is None or b is None:
            return b is None
        return bool(a < b) == (direction == "ascending")
    newest_first = not wanted or wanted[-1][1] == "descending"
    return (first.age > second.age) == newest_first


@settings(max_examples=200, deadline=None)
@given(rows, sorts)
def test_rows_stand_in_the_order_the_model_wants(
    found: list[Row], wanted: list[tuple[str, str]]
) -> None:
    body = [
        {("timestamp" if name == "created_time" else "property"): name, "direction": direction}
        for name, direction in wanted
    ]
    ordered = in_order(found, parse_sorts(body, Columns()), lambda row: row.age)
    assert sorted(row.age for row in ordered) == [row.age for row in found]
    for index, row in enumerate(ordered):
        assert all(precedes(row, later, wanted) for later in ordered[index + 1 :])


@settings(max_examples=200, deadline=None)
@given(rows, st.integers(1, 5))
def test_the_pages_together_are_the_whole_list(found: list[Row], size: int) -> None:
    ids = [row.id for row in found]
    sessions, seen = Sessions(), []
    page, cursor = sessions.begin(SOURCE, ids, size, 0.0, is_cut=False)
    seen.append(page.ids)
    while cursor is not None:
        assert cursor.endswith(f":{page.following}")
        page, cursor, _ = sessions.resume(SOURCE, cursor, size, 0.0, None)
        seen.append(page.ids)
    assert [each for part in seen for each in part] == ids
    assert all(len(part) == size for part in seen[:-1])
