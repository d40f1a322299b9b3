"""Databases and data sources: their shape, and changes of the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from notion_client import APIResponseError

Json = dict[str, Any]


def test_a_database_without_a_title_gets_one(client: Any, root: str) -> None:
    database = client.databases.create(parent={"type": "page_id", "page_id": root})
    assert database["title"][0]["plain_text"] == "New database"
    assert database["created_time"].endswith("+00:00")
    assert database["data_sources"][0]["name"] == "New database"
    assert set(database) == {
        "object",
        "id",
        "title",
        "description",
        "parent",
        "is_inline",
        "in_trash",
        "is_locked",
        "created_time",
        "last_edited_time",
        "data_sources",
        "icon",
        "cover",
        "url",
        "public_url",
        "archived",
        "request_id",
    }
    source = client.data_sources.retrieve(database["data_sources"][0]["id"])
    assert source["parent"] == {"type": "database_id", "database_id": database["id"]}
    assert source["database_parent"] == {"type": "page_id", "page_id": root}
    assert source["created_time"].endswith(":00.000Z")
    assert source["properties"] == {
        "Name": {"id": "title", "name": "Name", "description": None, "type": "title", "title": {}}
    }


def test_ids_of_databases_and_data_sources_are_not_interchangeable(
    client: Any, make_table: Callable[..., str]
) -> None:
    source = make_table()
    with pytest.raises(APIResponseError, match="Could not find database with ID"):
        client.databases.retrieve(source)
    database = client.data_sources.retrieve(source)["parent"]["database_id"]
    with pytest.raises(APIResponseError, match="Could not find data_source with ID"):
        client.data_sources.query(database)


def test_a_schema_without_a_title_is_refused_and_leaves_nothing(client: Any, root: str) -> None:
    before = len(list(client.blocks.children.list(root)["results"]))
    with pytest.raises(APIResponseError, match="Title is not provided"):
        client.databases.create(
            parent={"page_id": root}, initial_data_source={"properties": {"A": {"number": {}}}}
        )
    assert len(list(client.blocks.children.list(root)["results"])) == before


def test_a_database_is_retitled_described_and_trashed(
    client: Any, make_table: Callable[..., str]
) -> None:
    source = make_table()
    database_id = client.data_sources.retrieve(source)["parent"]["database_id"]
    changed = client.databases.update(
        database_id,
        title=[{"text": {"content": "Crates"}}],
        description=[{"text": {"content": "All of them"}}],
        icon={"emoji": "📦"},
        is_inline=True,
    )
    assert changed["data_sources"] == [{"id": source, "name": "Crates"}]
    assert changed["description"][0]["plain_text"] == "All of them"
    assert changed["is_inline"] is True
    assert client.databases.update(database_id, in_trash=True)["in_trash"]
    assert client.data_sources.retrieve(source)["in_trash"]
    with pytest.raises(APIResponseError, match="must unarchive"):
        client.databases.update(database_id, title=[])
    assert not client.databases.update(database_id, in_trash=False)["in_trash"]


def test_properties_are_added_renamed_retyped_and_removed(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table({"Genre": {"select": {}}, "BPM": {"number": {}}})
    page = add_row(source, "Song", Genre={"select": {"name": "House"}}, BPM={"number": 128})
    changed = client.data_sources.update(
        source,
        properties={
            "Name": {"name": "Title"},
            "Genre": {"name": "Style", "rich_text": {}},
            "Link": {"url": {}},
            "BPM": None,
        },
        title=[{"text": {"content": "Songs"}}],
    )
    assert set(changed["properties"]) == {"Title", "Style", "Link"}
    assert changed["title"][0]["plain_text"] == "Songs"
    values = client.pages.retrieve(page["id"])["properties"]
    assert values["Title"]["title"][0]["plain_text"] == "Song"
    assert values["Style"]["rich_text"][0]["plain_text"] == "House"
    assert values["Link"]["url"] is None


def test_options_keep_their_ids_and_colours(client: Any, make_table: Callable[..., str]) -> None:
    source = make_table({"Genre": {"select": {"options": [{"name": "A", "color": "red"}]}}})
    before = client.data_sources.retrieve(source)["properties"]["Genre"]["select"]["options"]
    wanted = [{"name": "A"}, {"name": "B", "color": "blue"}]
    changed = client.data_sources.update(
        source, properties={"Genre": {"select": {"options": wanted}}}
    )
    options = changed["properties"]["Genre"]["select"]["options"]
    assert options[0] == before[0]
    assert (options[1]["name"], options[1]["color"]) == ("B", "blue")
    with pytest.raises(APIResponseError, match="Cannot update color of select"):
        client.data_sources.update(
            source,
            properties={"Genre": {"select": {"options": [{"name": "A", "color": "pink"}]}}},
        )


def test_a_status_has_groups_and_new_options_go_to_the_first(
    client: Any, make_table: Callable[..., str]
) -> None:
    source = make_table({"State": {"status": {}}})
    status = client.data_sources.retrieve(source)["properties"]["State"]["status"]
    assert [option["name"] for option in status["options"]] == [
        "Not started",
        "In progress",
        "Done",
    ]
    assert [group["name"] for group in status["groups"]] == ["To-do", "In progress", "Complete"]
    changed = client.data_sources.update(
        source, properties={"State": {"status": {"options": [{"name": "Queued"}]}}}
    )
    status = changed["properties"]["State"]["status"]
    added = next(option for option in status["options"] if option["name"] == "Queued")
    assert added["id"] in status["groups"][0]["option_ids"]


def test_removing_one_side_of_a_two_way_relation_removes_the_other(
    client: Any, make_table: Callable[..., str]
) -> None:
    lists = make_table(title="Lists")
    songs = make_table(
        {"Lists": {"relation": {"data_source_id": lists, "dual_property": {}}}}, title="Songs"
    )
    relation = client.data_sources.retrieve(songs)["properties"]["Lists"]["relation"]
    assert relation["type"] == "dual_property"
    assert relation["data_source_id"] == lists
    assert relation["dual_property"]["synced_property_name"] == "Related to Songs (Lists)"
    back = client.data_sources.retrieve(lists)["properties"]["Related to Songs (Lists)"]
    assert back["id"] == relation["dual_property"]["synced_property_id"]
    client.data_sources.update(songs, properties={"Lists": None})
    assert set(client.data_sources.retrieve(lists)["properties"]) == {"Name"}


def test_a_relation_to_its_own_data_source(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table()
    client.data_sources.update(
        source,
        properties={
            "Parent": {
                "relation": {
                    "data_source_id": source,
                    "dual_property": {"synced_property_name": "Children"},
                }
            }
        },
    )
    above = add_row(source, "Above")
    below = add_row(source, "Below", Parent={"relation": [{"id": above["id"]}]})
    children = client.pages.retrieve(above["id"])["properties"]["Children"]["relation"]
    assert children == [{"id": below["id"]}]


def test_a_second_data_source(client: Any, make_table: Callable[..., str]) -> None:
    database_id = client.data_sources.retrieve(make_table())["parent"]["database_id"]
    second = client.data_sources.create(
        parent={"type": "database_id", "database_id": database_id},
        properties={"Name": {"title": {}}},
        title=[{"text": {"content": "Second"}}],
    )
    names = [each["name"] for each in client.databases.retrieve(database_id)["data_sources"]]
    assert names == ["Tracks", "Second"]
    client.data_sources.update(second["id"], in_trash=True)
    names = [each["name"] for each in client.databases.retrieve(database_id)["data_sources"]]
    assert names == ["Tracks"]


def test_a_refused_change_changes_nothing(client: Any, make_table: Callable[..., str]) -> None:
    source = make_table()
    rollup = {
        "function": "count",
        "relation_property_name": "None",
        "rollup_property_name": "Name",
    }
    with pytest.raises(APIResponseError):
        client.data_sources.update(
            source, properties={"New": {"number": {}}, "Bad": {"rollup": rollup}}
        )
    assert set(client.data_sources.retrieve(source)["properties"]) == {"Name"}


def test_a_data_source_shows_the_description_its_database_was_made_with(
    client: Any, root: str
) -> None:
    database = client.databases.create(
        parent={"page_id": root}, description=[{"text": {"content": "Every song I own"}}]
    )
    source = client.data_sources.retrieve(database["data_sources"][0]["id"])
    assert source["description"] == database["description"]
    assert source["description"][0]["plain_text"] == "Every song I own"


def _pair(client: Any, make_table: Callable[..., str], **dual: str) -> tuple[str, str, Json]:
    lists = make_table(title="Lists")
    relation = {"data_source_id": lists, "type": "dual_property", "dual_property": dual}
    songs = make_table({"Lists": {"relation": relation}}, title="Songs")
    return songs, lists, client.data_sources.retrieve(songs)["properties"]["Lists"]["relation"]


def test_the_other_side_of_a_relation_takes_the_name_and_id_asked_for(
    client: Any, make_table: Callable[..., str]
) -> None:
    _, lists, relation = _pair(
        client, make_table, synced_property_name="Songs", synced_property_id="ab%3AC"
    )
    back = client.data_sources.retrieve(lists)["properties"]["Songs"]
    wanted = {"synced_property_name": "Songs", "synced_property_id": "ab%3AC"}
    assert relation["dual_property"] == wanted
    assert back["id"] == "ab%3AC"


def test_a_relation_sent_back_as_it_was_answered_stays_as_it_is(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    songs, lists, relation = _pair(client, make_table)
    a_list = add_row(lists, "Warm-up")
    song = add_row(songs, "Song", Lists={"relation": [{"id": a_list["id"]}]})
    before = client.data_sources.retrieve(lists)["properties"]
    answer = client.data_sources.update(songs, properties={"Lists": {"relation": relation}})
    assert answer["properties"]["Lists"]["relation"] == relation
    assert client.data_sources.retrieve(lists)["properties"] == before
    linked = client.pages.retrieve(a_list["id"])["properties"]["Related to Songs (Lists)"]
    assert linked["relation"] == [{"id": song["id"]}]


def test_a_rename_of_one_side_shows_on_the_other(
    client: Any, make_table: Callable[..., str]
) -> None:
    songs, lists, relation = _pair(client, make_table, synced_property_name="Songs")
    client.data_sources.update(lists, properties={"Songs": {"name": "Tracks"}})
    shown = client.data_sources.retrieve(songs)["properties"]["Lists"]["relation"]
    assert shown["dual_property"]["synced_property_name"] == "Tracks"
    client.data_sources.update(songs, properties={"Lists": {"name": "Crates"}})
    back = client.data_sources.retrieve(lists)["properties"]["Tracks"]["relation"]
    assert back["dual_property"]["synced_property_name"] == "Crates"
    asked = relation | {"dual_property": {"synced_property_name": "Contents"}}
    client.data_sources.update(songs, properties={"Crates": {"relation": asked}})
    named = client.data_sources.retrieve(lists)["properties"]
    assert set(named) == {"Name", "Contents"}
    assert named["Contents"]["id"] == relation["dual_property"]["synced_property_id"]


def test_the_other_side_is_never_another_property(
    client: Any, make_table: Callable[..., str]
) -> None:
    with pytest.raises(APIResponseError, match="Name is not a relation property"):
        _pair(client, make_table, synced_property_id="title")
