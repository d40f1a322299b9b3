"""Pages: values of every type, limits, options, relations, the trash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from notion_client import APIResponseError

Json = dict[str, Any]

EVERY_TYPE: Json = {
    "Text": {"rich_text": {}},
    "Number": {"number": {"format": "euro"}},
    "Select": {"select": {"options": [{"name": "House", "color": "blue"}]}},
    "Several": {"multi_select": {}},
    "Status": {"status": {}},
    "Date": {"date": {}},
    "People": {"people": {}},
    "Files": {"files": {}},
    "Done": {"checkbox": {}},
    "Link": {"url": {}},
    "Mail": {"email": {}},
    "Phone": {"phone_number": {}},
    "Made": {"created_time": {}},
    "Maker": {"created_by": {}},
    "Edited": {"last_edited_time": {}},
    "Editor": {"last_edited_by": {}},
    "Key": {"unique_id": {"prefix": "TRK"}},
    "Button": {"button": {}},
    "Sum": {"formula": {"expression": 'prop("Number") * 2 + length(prop("Text"))'}},
}
EMPTY: Json = {
    "Text": [],
    "Number": None,
    "Select": None,
    "Several": [],
    "Status": None,
    "Date": None,
    "People": [],
    "Files": [],
    "Done": False,
    "Link": None,
    "Mail": None,
    "Phone": None,
    "Button": {},
    "Key": {"prefix": "TRK", "number": 1},
    "Sum": {"type": "string", "string": None},
}


@pytest.fixture(scope="module")
def table(client: Any, root: str) -> str:
    created = client.databases.create(
        parent={"page_id": root},
        initial_data_source={"properties": {"Name": {"title": {}}} | EVERY_TYPE},
    )
    found: str = created["data_sources"][0]["id"]
    return found


@pytest.fixture
def row(client: Any, table: str) -> Json:
    page: Json = client.pages.create(parent={"data_source_id": table}, properties={})
    return page


def written(client: Any, page: Json, **values: Any) -> Json:
    kinds = {name: next(iter(EVERY_TYPE[name])) for name in values}
    body = {name: {kinds[name]: value} for name, value in values.items()}
    answer = client.pages.update(page["id"], properties=body)
    return {name: answer["properties"][name][kinds[name]] for name in values}


def test_what_was_never_written_is_shown_empty(client: Any, root: str) -> None:
    created = client.databases.create(
        parent={"page_id": root},
        initial_data_source={"properties": {"Name": {"title": {}}} | EVERY_TYPE},
    )
    source = created["data_sources"][0]["id"]
    page = client.pages.create(parent={"data_source_id": source}, properties={})
    for name, empty in EMPTY.items():
        value = page["properties"][name]
        assert value[value["type"]] == empty, name
    assert page["parent"] == {
        "type": "data_source_id",
        "data_source_id": source,
        "database_id": created["id"],
    }


def test_values_come_back_in_notions_shape(client: Any, row: Json) -> None:
    me = client.users.me()["id"]
    values = written(
        client,
        row,
        Number=12.0,
        Select={"name": "House"},
        Several=[{"name": "A"}, {"name": "B"}, {"name": "A"}],
        Status={"name": "Done"},
        Date={"start": "2026-03-01T10:20:30+01:00", "end": "2026-03-02"},
        People=[{"id": me}],
        Files=[{"name": "a.mp3", "external": {"url": "https://example.com/a.mp3"}}],
        Done=True,
        Link="https://soundcloud.com/a/b",
        Mail="a@example.com",
        Phone="+49 30 1",
    )
    assert values["Number"] == 12
    assert {key: values["Select"][key] for key in ("name", "color")} == {
        "name": "House",
        "color": "blue",
    }
    assert set(values["Select"]) == {"id", "name", "color"}
    assert [option["name"] for option in values["Several"]] == ["A", "B"]
    assert values["Status"]["name"] == "Done"
    assert values["Date"] == {
        "start": "2026-03-01T10:20:00.000+01:00",
        "end": "2026-03-02",
        "time_zone": None,
    }
    assert values["People"][0]["type"] == "bot"
    assert values["Files"] == [
        {"name": "a.mp3", "type": "external", "external": {"url": "https://example.com/a.mp3"}}
    ]
    assert values["Done"] is True
    assert values["Link"] == "https://soundcloud.com/a/b"


def test_rich_text_is_filled_in(client: Any, row: Json, root: str) -> None:
    parts = [
        {"text": {"content": "Hello", "link": {"url": "https://example.com"}}},
        {"text": {"content": ""}},
        {"mention": {"page": {"id": root}}, "annotations": {"bold": True, "color": "red"}},
        {"equation": {"expression": "a^2"}},
        {"mention": {"date": {"start": "2026-01-02"}}},
    ]
    text = written(client, row, Text=parts)["Text"]
    assert [part["plain_text"] for part in text] == ["Hello", "Tests", "a^2", "2026-01-02"]
    assert text[0] == {
        "type": "text",
        "text": {"content": "Hello", "link": {"url": "https://example.com"}},
        "annotations": {
            "bold": False,
            "italic": False,
            "strikethrough": False,
            "underline": False,
            "code": False,
            "color": "default",
        },
        "plain_text": "Hello",
        "href": "https://example.com",
    }
    assert text[1]["mention"] == {"type": "page", "page": {"id": root}}
    assert text[1]["annotations"]["bold"]
    assert text[1]["annotations"]["color"] == "red"


def test_a_patch_leaves_other_properties_alone_and_clears_with_null_or_nothing(
    client: Any, row: Json
) -> None:
    written(client, row, Text=[{"text": {"content": "lock"}}], Number=3, Link="https://a.example")
    assert written(client, row, Text=[]) == {"Text": []}
    assert written(client, row, Link=None) == {"Link": None}
    assert client.pages.retrieve(row["id"])["properties"]["Number"]["number"] == 3


def test_a_property_is_known_by_name_and_by_id_encoded_or_not(client: Any, row: Json) -> None:
    encoded = row["properties"]["Number"]["id"]
    for number, key in enumerate(("Number", encoded, unquote(encoded))):
        client.pages.update(row["id"], properties={key: {"number": number}})
        assert client.pages.retrieve(row["id"])["properties"]["Number"]["number"] == number


REFUSALS: list[tuple[Json, str]] = [
    ({"Nothing": {"number": 1}}, "Nothing is not a property that exists."),
    ({"Text": {"number": 1}}, "Text is expected to be rich_text."),
    (
        {"Select": {"select": {"name": "a, b"}}},
        "Invalid select option, commas not allowed: a, b",
    ),
    (
        {"Text": {"rich_text": [{"text": {"content": "\U0001f3b5" + "a" * 1999}}]}},
        (
            "body failed validation: body.properties.Text.rich_text[0].text.content.length "
            "should be ≤ `2000`, instead was `2001`."
        ),
    ),
    (
        {"Text": {"rich_text": [{"text": {"content": "a"}}] * 101}},
        (
            "body failed validation: body.properties.Text.rich_text.length "
            "should be ≤ `100`, instead was `101`."
        ),
    ),
    (
        {"Done": {"checkbox": "yes"}},
        (
            "body failed validation: body.properties.Done.checkbox should be a boolean, "
            'instead was `"yes"`.'
        ),
    ),
    (
        {"Link": {"url": "x" * 2001}},
        (
            "body failed validation: body.properties.Link.url.length "
            "should be ≤ `2000`, instead was `2001`."
        ),
    ),
    (
        {"Several": {"multi_select": [{"name": str(number)} for number in range(101)]}},
        (
            "body failed validation: body.properties.Several.multi_select.length "
            "should be ≤ `100`, instead was `101`."
        ),
    ),
]


@pytest.mark.parametrize(("properties", "message"), REFUSALS)
def test_a_wrong_value_is_refused_in_notions_words(
    client: Any, row: Json, properties: Json, message: str
) -> None:
    with pytest.raises(APIResponseError) as caught:
        client.pages.update(row["id"], properties=properties)
    assert (caught.value.status, caught.value.code) == (400, "validation_error")
    assert str(caught.value) == message


def test_a_text_of_two_thousand_units_is_taken(client: Any, row: Json) -> None:
    content = "\U0001f3b5" * 1000
    assert written(client, row, Text=[{"text": {"content": content}}])["Text"][0]["plain_text"] == (
        content
    )


def test_options_of_selects_are_made_and_those_of_a_status_are_not(
    client: Any, row: Json, table: str
) -> None:
    written(client, row, Select={"name": "Techno"}, Several=[{"name": "New"}])
    schema = client.data_sources.retrieve(table)["properties"]
    assert "Techno" in [option["name"] for option in schema["Select"]["select"]["options"]]
    assert "New" in [option["name"] for option in schema["Several"]["multi_select"]["options"]]
    with pytest.raises(APIResponseError, match="does not exist"):
        written(client, row, Status={"name": "Unheard of"})


def test_the_server_numbers_rows_and_nobody_else(client: Any, row: Json) -> None:
    key = row["properties"]["Key"]["unique_id"]
    assert key["prefix"] == "TRK"
    with pytest.raises(APIResponseError, match="read-only"):
        client.pages.update(row["id"], properties={"Key": {"unique_id": {"number": 7}}})


def test_a_formula_is_computed(client: Any, row: Json) -> None:
    written(client, row, Number=4, Text=[{"text": {"content": "abc"}}])
    page = client.pages.retrieve(row["id"])
    assert page["properties"]["Sum"]["formula"] == {"type": "number", "number": 11}


def test_a_page_in_the_trash_can_be_read_and_restored_but_not_edited(
    client: Any, row: Json
) -> None:
    assert client.pages.update(row["id"], in_trash=True)["in_trash"]
    assert client.pages.retrieve(row["id"])["in_trash"]
    with pytest.raises(APIResponseError) as caught:
        written(client, row, Number=1)
    assert str(caught.value) == (
        "Can't edit block that is archived. You must unarchive the block before editing."
    )
    assert client.pages.update(row["id"], archived=False)["archived"] is False
    assert written(client, row, Number=1) == {"Number": 1}


def test_what_lies_under_a_trashed_page_is_trashed_with_it(client: Any, root: str) -> None:
    above = client.pages.create(parent={"page_id": root}, properties={})
    below = client.pages.create(parent={"page_id": above["id"]}, properties={})
    client.blocks.delete(above["id"])
    assert client.pages.retrieve(below["id"])["in_trash"]
    with pytest.raises(APIResponseError, match="archived ancestor"):
        client.pages.update(below["id"], icon={"emoji": "🎵"})


def test_times_are_rounded_down_to_the_minute(row: Json) -> None:
    assert row["created_time"].endswith(":00.000Z")
    assert row["last_edited_time"].endswith(":00.000Z")
    assert row["properties"]["Made"]["created_time"] == row["created_time"]


def test_a_plain_page_has_a_title_a_slug_and_a_place(client: Any, root: str) -> None:
    page = client.pages.create(
        parent={"page_id": root},
        properties={"title": [{"text": {"content": "Café, late & loud"}}]},
        icon={"type": "emoji", "emoji": "🎧"},
        cover={"external": {"url": "https://example.com/a.jpg"}},
    )
    assert page["properties"]["title"]["id"] == "title"
    assert page["url"] == (f"https://app.notion.com/p/Cafe-late-loud-{page['id'].replace('-', '')}")
    assert page["icon"] == {"type": "emoji", "emoji": "🎧"}
    assert page["cover"] == {"type": "external", "external": {"url": "https://example.com/a.jpg"}}
    assert client.pages.retrieve(page["id"].replace("-", ""))["id"] == page["id"]


def test_a_long_relation_is_shown_in_part_and_read_in_full(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    lists = make_table(title="Playlists")
    tracks = make_table({"Lists": {"relation": {"data_source_id": lists, "single_property": {}}}})
    ids = [add_row(lists, f"List {number}")["id"] for number in range(30)]
    page = add_row(tracks, "Song", Lists={"relation": [{"id": each} for each in ids]})
    shown = page["properties"]["Lists"]
    assert len(shown["relation"]) == 25
    assert shown["has_more"] is True
    first = client.pages.properties.retrieve(page["id"], shown["id"], page_size=20)
    assert first["object"] == "list"
    assert first["type"] == "property_item"
    assert first["property_item"]["next_url"]
    assert [item["relation"]["id"] for item in first["results"]] == ids[:20]
    second = client.pages.properties.retrieve(
        page["id"], shown["id"], start_cursor=first["next_cursor"]
    )
    assert [item["relation"]["id"] for item in second["results"]] == ids[20:]
    assert not second["has_more"]


def test_both_sides_of_a_two_way_relation_agree(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    lists = make_table(title="Playlists")
    tracks = make_table(
        {
            "Lists": {
                "relation": {
                    "data_source_id": lists,
                    "dual_property": {"synced_property_name": "Songs"},
                }
            }
        }
    )
    one = add_row(lists, "One")
    song = add_row(tracks, "Song", Lists={"relation": [{"id": one["id"]}]})
    back = client.pages.retrieve(one["id"])["properties"]["Songs"]
    assert back["relation"] == [{"id": song["id"]}]
    client.pages.update(one["id"], properties={"Songs": {"relation": []}})
    assert client.pages.retrieve(song["id"])["properties"]["Lists"]["relation"] == []


def test_a_rollup_counts_and_shows(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    lists = make_table({"Weight": {"number": {}}}, title="Playlists")
    rolled = {"relation_property_name": "Lists", "rollup_property_name": "Weight"}
    tracks = make_table(
        {
            "Total": {"rollup": rolled | {"function": "sum"}},
            "All": {"rollup": rolled | {"function": "show_original"}},
            "Lists": {"relation": {"data_source_id": lists, "single_property": {}}},
        }
    )
    ids = [add_row(lists, str(each), Weight={"number": each})["id"] for each in (2, 3)]
    page = add_row(tracks, "Song", Lists={"relation": [{"id": each} for each in ids]})
    properties = page["properties"]
    assert properties["Total"]["rollup"] == {"type": "number", "number": 5, "function": "sum"}
    assert properties["All"]["rollup"]["array"] == [
        {"type": "number", "number": 2},
        {"type": "number", "number": 3},
    ]
    item = client.pages.properties.retrieve(page["id"], properties["Total"]["id"])
    assert item["property_item"]["rollup"]["number"] == 5


def test_a_relation_to_a_page_that_is_not_there_is_not_found(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    lists = make_table(title="Playlists")
    tracks = make_table({"Lists": {"relation": {"data_source_id": lists, "single_property": {}}}})
    missing = "8f0d1d7a-7b1c-4b59-9d1e-6b6a2c1a0f00"
    with pytest.raises(APIResponseError, match="Could not find page"):
        add_row(tracks, "Song", Lists={"relation": [{"id": missing}]})


def test_simple_property_items(client: Any, row: Json) -> None:
    written(client, row, Number=7)
    item = client.pages.properties.retrieve(row["id"], row["properties"]["Number"]["id"])
    assert {key: item[key] for key in ("object", "type", "number")} == {
        "object": "property_item",
        "type": "number",
        "number": 7,
    }


def test_the_ledger_is_told_plain_values(notion: Any, client: Any, row: Json) -> None:
    written(client, row, Text=[{"text": {"content": "mine"}}], Done=True)
    told = notion.ledger.entries(kind="page.update", page_id=row["id"])[-1]
    assert told["properties"] == {"Text": "mine", "Done": True}
    client.pages.update(row["id"], in_trash=True)
    assert notion.ledger.entries(kind="page.trash", page_id=row["id"])


def test_only_the_properties_asked_for_are_shown(notion: Any, row: Json) -> None:
    path = f"/v1/pages/{row['id']}"
    number = row["properties"]["Number"]["id"]
    shown = notion.ask("GET", f"{path}?filter_properties={number}&filter_properties=Text").json()
    assert set(shown["properties"]) == {"Number", "Text"}
