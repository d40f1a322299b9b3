"""Queries over HTTP: filters, sorts, paging, cursors, limits, index lag."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from notion_client import APIResponseError
from notion_client.helpers import collect_paginated_api

Json = dict[str, Any]

COLUMNS: Json = {
    "Text": {"rich_text": {}},
    "Number": {"number": {}},
    "Done": {"checkbox": {}},
    "Link": {"url": {}},
    "Kind": {"select": {"options": [{"name": "Late"}, {"name": "Early"}]}},
    "Tags": {"multi_select": {}},
    "When": {"date": {}},
    "Files": {"files": {}},
    "Twice": {"formula": {"expression": 'prop("Number") * 2'}},
}


def text(content: str) -> Json:
    return {"rich_text": [{"text": {"content": content}}]}


@pytest.fixture(scope="module")
def table(client: Any, root: str) -> str:
    created = client.databases.create(
        parent={"page_id": root},
        initial_data_source={"properties": {"Name": {"title": {}}} | COLUMNS},
    )
    source: str = created["data_sources"][0]["id"]
    rows: list[Json] = [
        {"Text": text("John Doe"), "Number": {"number": 1}, "Done": {"checkbox": True}},
        {"Link": {"url": "https://soundcloud.com/DoeNut"}, "Kind": {"select": {"name": "Early"}}},
        {"Number": {"number": 2.5}, "Tags": {"multi_select": [{"name": "A"}, {"name": "B"}]}},
        {"When": {"date": {"start": "2026-02-03"}}, "Kind": {"select": {"name": "Late"}}},
        {
            "Files": {"files": [{"name": "a", "external": {"url": "https://example.com/a"}}]},
            "When": {"date": {"start": "2026-02-03T10:00:00Z"}},
        },
    ]
    for number, properties in enumerate(rows):
        title = {"Name": {"title": [{"text": {"content": f"row {number}"}}]}}
        client.pages.create(parent={"data_source_id": source}, properties=title | properties)
    return source


def names(answer: Json) -> list[str]:
    return [row["properties"]["Name"]["title"][0]["plain_text"] for row in answer["results"]]


def matching(client: Any, table: str, condition: Json) -> list[int]:
    return sorted(
        int(name[4:]) for name in names(client.data_sources.query(table, filter=condition))
    )


def on(name: str, kind: str, condition: Json) -> Json:
    return {"property": name, kind: condition}


FILTERS: list[tuple[Json, list[int]]] = [
    (on("Text", "rich_text", {"contains": "dOE"}), [0]),
    (on("Text", "rich_text", {"starts_with": "john"}), [0]),
    (on("Text", "rich_text", {"is_empty": True}), [1, 2, 3, 4]),
    (on("Text", "rich_text", {"does_not_contain": "doe"}), [1, 2, 3, 4]),
    (on("Link", "rich_text", {"contains": "doe"}), [1]),
    (on("Link", "url", {"is_not_empty": True}), [1]),
    (on("Name", "title", {"ends_with": "3"}), [3]),
    (on("Number", "number", {"greater_than": 1}), [2]),
    (on("Number", "number", {"does_not_equal": 1}), [1, 2, 3, 4]),
    (on("Done", "checkbox", {"equals": False}), [1, 2, 3, 4]),
    (on("Kind", "select", {"equals": "Late"}), [3]),
    (on("Kind", "select", {"equals": ["Late", "Early"]}), [1, 3]),
    (on("Tags", "multi_select", {"contains": "B"}), [2]),
    (on("Tags", "multi_select", {"does_not_contain": "B"}), [0, 1, 3, 4]),
    (on("When", "date", {"equals": "2026-02-03"}), [3, 4]),
    (on("When", "date", {"after": "2026-02-03T09:00:00Z"}), [4]),
    (on("When", "date", {"on_or_before": "2026-02-02"}), []),
    (on("Files", "files", {"is_not_empty": True}), [4]),
    (on("Twice", "formula", {"number": {"equals": 5}}), [2]),
    (
        {
            "and": [
                on("Done", "checkbox", {"equals": False}),
                on("Number", "number", {"is_empty": True}),
            ]
        },
        [1, 3, 4],
    ),
    (
        {
            "or": [
                on("Number", "number", {"equals": 1}),
                {
                    "and": [
                        on("Kind", "select", {"is_not_empty": True}),
                        on("When", "date", {"is_empty": True}),
                    ]
                },
            ]
        },
        [0, 1],
    ),
    ({"timestamp": "created_time", "created_time": {"past_week": {}}}, [0, 1, 2, 3, 4]),
    ({"timestamp": "created_time", "created_time": {"before": "2020-01-01"}}, []),
]


@pytest.mark.parametrize(("condition", "expected"), FILTERS)
def test_a_filter_selects(client: Any, table: str, condition: Json, expected: list[int]) -> None:
    assert matching(client, table, condition) == expected


REFUSALS: list[tuple[Json, str]] = [
    (
        {"filter": on("Nope", "number", {"equals": 1})},
        "Could not find property with name or id: Nope",
    ),
    (
        {"filter": on("Number", "rich_text", {"equals": "1"})},
        (
            "The property type in the database does not match the property type of the filter "
            "provided: database property number does not match filter rich_text"
        ),
    ),
    (
        {"filter": on("Text", "rich_text", {"is_empty": False})},
        (
            "body failed validation: body.filter.rich_text.is_empty should be `true`, "
            "instead was `false`."
        ),
    ),
    (
        {"filter": {"and": [{"or": [{"and": []}]}]}},
        (
            "body failed validation: body.filter.and[0].or[0].and should be not present, "
            "instead was `[]`."
        ),
    ),
    (
        {"sorts": [{"property": "Nope", "direction": "ascending"}]},
        "Could not find sort property with name or id: Nope",
    ),
    (
        {"sorts": [{"property": "Name", "direction": "up"}]},
        (
            "body failed validation: body.sorts[0].direction should be "
            '`"ascending"` or `"descending"`, instead was `"up"`.'
        ),
    ),
    ({"start_cursor": "s:gone"}, "The start_cursor provided is invalid: s:gone"),
    (
        {"filter": on("Done", "checkbox", {"is_empty": True})},
        (
            "body failed validation: body.filter.checkbox.is_empty should be not present, "
            "instead was `true`."
        ),
    ),
]


@pytest.mark.parametrize(("body", "message"), REFUSALS)
def test_a_wrong_query_is_refused_in_notions_words(
    client: Any, table: str, body: Json, message: str
) -> None:
    with pytest.raises(APIResponseError) as caught:
        client.data_sources.query(table, **body)
    assert str(caught.value) == message


def test_the_newest_row_comes_first_unless_asked_otherwise(client: Any, table: str) -> None:
    assert names(client.data_sources.query(table)) == [f"row {each}" for each in (4, 3, 2, 1, 0)]
    sorts = [{"timestamp": "created_time", "direction": "ascending"}]
    assert names(client.data_sources.query(table, sorts=sorts))[0] == "row 0"


def test_sorts_put_empty_values_last_and_options_in_the_schemas_order(
    client: Any, table: str
) -> None:
    sorts = [{"property": "Number", "direction": "descending"}]
    assert names(client.data_sources.query(table, sorts=sorts))[:2] == ["row 2", "row 0"]
    sorts = [{"property": "Kind", "direction": "ascending"}]
    assert names(client.data_sources.query(table, sorts=sorts))[:2] == ["row 3", "row 1"]


def test_pages_follow_one_another_by_cursors_of_the_recorded_form(client: Any, table: str) -> None:
    first = client.data_sources.query(table, page_size=2)
    found = re.fullmatch(r"s:[0-9a-f-]{36}:([0-9a-f-]{36})", first["next_cursor"])
    assert found is not None
    second = client.data_sources.query(table, page_size=2, start_cursor=first["next_cursor"])
    assert second["results"][0]["id"] == found[1]
    everything = collect_paginated_api(client.data_sources.query, data_source_id=table, page_size=2)
    assert len({row["id"] for row in everything}) == 5
    assert {first["type"], first["object"]} == {"page_or_data_source", "list"}
    assert first["page_or_data_source"] == {}


def test_a_page_holds_a_hundred_rows_at_most(
    notion: Any, client: Any, make_table: Callable[..., str]
) -> None:
    source = make_table()
    for number in range(101):
        title = {"Name": {"title": [{"text": {"content": str(number)}}]}}
        notion.store.create_page(source, title)
    for size in (0, 100, 5000):
        answer = client.data_sources.query(source, page_size=size)
        assert len(answer["results"]) == 100
        assert answer["has_more"]
    assert "request_status" not in client.data_sources.query(source, page_size=1)


@pytest.fixture
def knobs(notion: Any) -> Iterator[Any]:
    store = notion.store
    yield store
    store.query_lag, store.cursor_lifetime, store.result_limit = (0.0, 0.0), None, 10_000


def test_a_query_gives_ten_thousand_rows_at_most_and_says_so(
    client: Any, table: str, knobs: Any
) -> None:
    knobs.result_limit = 3
    first = client.data_sources.query(table, page_size=2)
    second = client.data_sources.query(table, page_size=2, start_cursor=first["next_cursor"])
    assert len(second["results"]) == 1
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    for page in (first, second):
        assert page["request_status"] == {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }


def test_a_cursor_dies_with_age(client: Any, table: str, knobs: Any) -> None:
    first = client.data_sources.query(table, page_size=2)
    knobs.cursor_lifetime = 0.0
    with pytest.raises(APIResponseError) as caught:
        client.data_sources.query(table, start_cursor=first["next_cursor"])
    assert str(caught.value) == (f"The start_cursor provided is invalid: {first['next_cursor']}")


def test_a_query_may_be_late_while_a_page_is_fresh(
    client: Any, knobs: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table({"Done": {"checkbox": {}}})
    page = add_row(source, "old")
    knobs.query_lag = (3600.0, 3600.0)
    client.pages.update(page["id"], properties={"Done": {"checkbox": True}})
    new = add_row(source, "new")
    assert client.pages.retrieve(page["id"])["properties"]["Done"]["checkbox"] is True
    assert client.pages.retrieve(new["id"])["id"] == new["id"]
    shown = client.data_sources.query(source)
    assert names(shown) == ["old"]
    assert shown["results"][0]["properties"]["Done"]["checkbox"] is False
    undone = {"property": "Done", "checkbox": {"equals": False}}
    assert names(client.data_sources.query(source, filter=undone)) == ["old"]


def test_trashed_rows_are_left_out_and_rows_that_change_vanish_from_later_pages(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table({"Lock": {"rich_text": {}}})
    pages = [add_row(source, str(number)) for number in range(4)]
    free = {"property": "Lock", "rich_text": {"is_empty": True}}
    first = client.data_sources.query(source, filter=free, page_size=1)
    assert names(first) == ["3"]
    client.pages.update(pages[1]["id"], properties={"Lock": text("mine")})
    client.pages.update(pages[0]["id"], in_trash=True)
    rest = client.data_sources.query(source, filter=free, start_cursor=first["next_cursor"])
    assert names(rest) == ["2"]
    trashed = client.data_sources.query(source, in_trash=True)
    assert names(trashed) == ["0"]


def test_only_the_properties_asked_for_are_shown(notion: Any, client: Any, table: str) -> None:
    schema = client.data_sources.retrieve(table)["properties"]
    answer = client.data_sources.query(table, filter_properties=["Name", "Done"])
    assert set(answer["results"][0]["properties"]) == {"Name", "Done"}
    path = f"/v1/data_sources/{table}/query?filter_properties[]={schema['Done']['id']}"
    assert set(notion.ask("POST", path, json={}).json()["results"][0]["properties"]) == {"Done"}


def test_a_property_id_encoded_twice_is_not_found(notion: Any, client: Any, table: str) -> None:
    source = notion.store.objects.data_sources[table]
    config = next(each for each in source.schema.values() if each["name"] == "Done")
    odd = config | {"id": "?B:W"}
    schema = {key: each for key, each in source.schema.items() if key != config["id"]}
    notion.store.objects.change(source, schema=schema | {"?B:W": odd})
    assert client.data_sources.retrieve(table)["properties"]["Done"]["id"] == "%3FB%3AW"
    with pytest.raises(APIResponseError, match="Could not find property with name or id: %3FB%3AW"):
        client.data_sources.query(table, filter_properties=["%3FB%3AW"])
    assert client.data_sources.query(table, filter_properties=["?B:W"])["results"]
    notion.store.objects.change(notion.store.objects.data_sources[table], schema=source.schema)
