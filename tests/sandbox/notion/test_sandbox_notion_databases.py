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


def test_views_are_kept_and_given_back(client: Any, make_table: Callable[..., str]) -> None:
    source = make_table()
    born = client.views.list(data_source_id=source)["results"]
    assert client.views.retrieve(born[0]["id"])["type"] == "table"
    filtered = {"property": "Name", "title": {"is_not_empty": True}}
    view = client.views.create(data_source_id=source, name="Board", type="board", filter=filtered)
    assert view["filter"] == filtered
    assert client.views.update(view["id"], name="Other")["name"] == "Other"
    assert len(client.views.list(data_source_id=source)["results"]) == 2
    assert client.views.delete(view["id"])["id"] == view["id"]
    assert client.views.list(data_source_id=source)["results"] == born


def test_a_view_is_queried(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table()
    rows = [add_row(source, name) for name in ("a", "b", "x")]
    view = client.views.create(
        data_source_id=source,
        name="Some",
        type="table",
        filter={"property": "Name", "title": {"does_not_equal": "x"}},
        sorts=[{"property": "Name", "direction": "ascending"}],
    )
    begun = client.views.queries.create(view["id"], page_size=1)
    assert begun["total_count"] == 2
    assert begun["results"] == [{"object": "page", "id": rows[0]["id"]}]
    rest = client.views.queries.results(view["id"], begun["id"], start_cursor=begun["next_cursor"])
    assert [each["id"] for each in rest["results"]] == [rows[1]["id"]]
    assert client.views.queries.delete(view["id"], begun["id"])["deleted"] is True
    with pytest.raises(APIResponseError, match="Could not find view_query"):
        client.views.queries.results(view["id"], begun["id"])
