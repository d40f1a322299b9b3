"""Pages and databases as blocks, the bot, search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from notion_client import APIResponseError
from notion_client.helpers import collect_paginated_api

Json = dict[str, Any]


def test_pages_and_databases_are_trashed_as_blocks(
    client: Any, root: str, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table(title="Crate")
    database_id = client.data_sources.retrieve(source)["parent"]["database_id"]
    row = add_row(source, "Song")
    trashed = client.blocks.delete(row["id"])
    assert (trashed["object"], trashed["type"]) == ("block", "child_page")
    assert trashed["child_page"] == {"title": "Song"}
    assert client.pages.retrieve(row["id"])["in_trash"] is True
    trashed = client.blocks.delete(database_id)
    assert trashed["child_database"] == {"title": "Crate"}
    listed = collect_paginated_api(client.blocks.children.list, block_id=root)
    assert database_id not in [block["id"] for block in listed]


def test_the_bot(client: Any) -> None:
    me = client.users.me()
    assert (me["type"], me["name"]) == ("bot", "library-sync sandbox")
    assert me["bot"]["owner"] == {"type": "workspace", "workspace": True}


def test_search_finds_titles(
    client: Any, make_table: Callable[..., str], add_row: Callable[..., Json]
) -> None:
    source = make_table(title="Zanzibar Nights")
    rows = [add_row(source, f"Zanzibar nights {number}") for number in range(3)]
    found = client.search(query="zanzibar NIGHTS")
    assert {each["id"] for each in found["results"]} == {source, *(row["id"] for row in rows)}
    only = client.search(query="zanzibar", filter={"property": "object", "value": "data_source"})
    assert [each["id"] for each in only["results"]] == [source]
    oldest = client.search(
        query="zanzibar nights",
        filter={"property": "object", "value": "page"},
        sort={"timestamp": "last_edited_time", "direction": "ascending"},
        page_size=2,
    )
    assert oldest["results"][0]["id"] == rows[0]["id"]
    assert oldest["next_cursor"] == rows[2]["id"]
    with pytest.raises(APIResponseError, match=r"body\.filter\.value should be"):
        client.search(filter={"property": "object", "value": "database"})


def test_block_contents_are_refused_in_plain_words(client: Any, root: str) -> None:
    paragraph = {"paragraph": {"rich_text": [{"text": {"content": "a"}}]}}
    with pytest.raises(APIResponseError, match="keeps no block contents: send no children"):
        client.pages.create(parent={"page_id": root}, properties={}, children=[paragraph])
    with pytest.raises(APIResponseError, match="Invalid request URL"):
        client.blocks.children.append(root, children=[paragraph])
