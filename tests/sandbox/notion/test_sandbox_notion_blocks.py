"""Blocks, comments, users, search and uploads."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from notion_client import APIResponseError
from notion_client.helpers import collect_paginated_api

Json = dict[str, Any]


def rich(content: str) -> list[Json]:
    return [{"type": "text", "text": {"content": content}}]


def paragraph(content: str) -> Json:
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": rich(content)}}


def words(block: Json) -> str:
    return "".join(part["plain_text"] for part in block[block["type"]]["rich_text"])


@pytest.fixture
def page(client: Any, root: str) -> str:
    made: Json = client.pages.create(parent={"page_id": root}, properties={})
    return str(made["id"])


EVERY_BLOCK: list[Json] = [
    {"heading_1": {"rich_text": rich("h"), "is_toggleable": True}},
    {"bulleted_list_item": {"rich_text": rich("b"), "children": [paragraph("inner")]}},
    {"numbered_list_item": {"rich_text": rich("n")}},
    {"quote": {"rich_text": rich("q")}},
    {"toggle": {"rich_text": rich("t")}},
    {"to_do": {"rich_text": rich("d"), "checked": True}},
    {"callout": {"rich_text": rich("c"), "icon": {"emoji": "🎵"}, "color": "blue_background"}},
    {"code": {"rich_text": rich("x = 1"), "language": "python"}},
    {"equation": {"expression": "e"}},
    {"divider": {}},
    {"breadcrumb": {}},
    {"table_of_contents": {}},
    {"embed": {"url": "https://example.com"}},
    {"bookmark": {"url": "https://example.com", "caption": rich("cap")}},
    {"image": {"external": {"url": "https://example.com/a.png"}}},
    {"file": {"external": {"url": "https://example.com/a.pdf"}}},
    {
        "table": {
            "table_width": 2,
            "has_column_header": True,
            "children": [{"table_row": {"cells": [rich("1"), rich("2")]}}],
        }
    },
    {
        "column_list": {
            "children": [
                {"column": {"children": [paragraph("l")]}},
                {"column": {"children": [paragraph("r")]}},
            ]
        }
    },
    {"synced_block": {"synced_from": None, "children": [paragraph("s")]}},
]


def test_every_type_of_block_is_appended_and_read(client: Any, page: str) -> None:
    added = client.blocks.children.append(page, children=EVERY_BLOCK)
    assert added["type"] == "block"
    listed = client.blocks.children.list(page)["results"]
    assert [block["type"] for block in listed] == [next(iter(each)) for each in EVERY_BLOCK]
    by_type = {block["type"]: block for block in listed}
    assert by_type["bulleted_list_item"]["has_children"] is True
    assert by_type["divider"]["has_children"] is False
    assert by_type["callout"]["callout"]["icon"] == {"type": "emoji", "emoji": "🎵"}
    assert by_type["code"]["code"]["caption"] == []
    assert by_type["file"]["file"]["name"] == "a.pdf"
    assert by_type["to_do"]["to_do"] == {
        "rich_text": by_type["to_do"]["to_do"]["rich_text"],
        "checked": True,
        "color": "default",
    }
    rows = client.blocks.children.list(by_type["table"]["id"])["results"]
    assert rows[0]["table_row"]["cells"][1][0]["plain_text"] == "2"
    assert rows[0]["parent"] == {"type": "block_id", "block_id": by_type["table"]["id"]}


def test_children_are_listed_by_pages_and_placed_where_asked(
    client: Any, newer_client: Any, page: str
) -> None:
    first = client.blocks.children.append(
        page, children=[paragraph(str(number)) for number in range(100)]
    )["results"]
    after = client.blocks.children.append(
        page, children=[paragraph("after 0")], after=first[0]["id"]
    )
    assert [words(block) for block in after["results"]][:2] == ["after 0", "1"]
    assert not after["has_more"]
    newer_client.blocks.children.append(
        page, children=[paragraph("start")], position={"type": "start"}
    )
    newer_client.blocks.children.append(
        page,
        children=[paragraph("after 1")],
        position={"type": "after_block", "after_block": {"id": first[1]["id"]}},
    )
    listed = collect_paginated_api(client.blocks.children.list, block_id=page, page_size=40)
    assert [words(block) for block in listed][:5] == ["start", "0", "after 0", "1", "after 1"]
    assert len(listed) == 103


def test_more_than_a_hundred_children_are_refused(client: Any, page: str) -> None:
    with pytest.raises(APIResponseError) as caught:
        client.blocks.children.append(page, children=[paragraph("a")] * 101)
    assert str(caught.value) == (
        "body failed validation: body.children.length should be ≤ `100`, instead was `101`."
    )
    assert client.blocks.children.list(page)["results"] == []


def test_a_block_is_updated_and_trashed(client: Any, page: str) -> None:
    block = client.blocks.children.append(page, children=[paragraph("a")])["results"][0]
    changed = client.blocks.update(block["id"], paragraph={"rich_text": rich("b")})
    assert words(changed) == "b"
    with pytest.raises(APIResponseError):
        client.blocks.update(block["id"], quote={"rich_text": rich("b")})
    assert client.blocks.delete(block["id"])["in_trash"] is True
    assert client.blocks.retrieve(block["id"])["archived"] is True
    assert client.blocks.children.list(page)["results"] == []
    with pytest.raises(APIResponseError, match="must unarchive the block"):
        client.blocks.update(block["id"], paragraph={"rich_text": rich("c")})


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


def test_a_page_is_made_with_content_and_emptied(client: Any, root: str) -> None:
    page = client.pages.create(
        parent={"page_id": root}, properties={}, children=[paragraph("a"), paragraph("b")]
    )
    assert len(client.blocks.children.list(page["id"])["results"]) == 2
    client.pages.update(page["id"], erase_content=True)
    assert client.blocks.children.list(page["id"])["results"] == []


def test_comments_form_discussions(client: Any, page: str) -> None:
    first = client.comments.create(parent={"page_id": page}, rich_text=rich("hello"))
    assert first["parent"] == {"type": "page_id", "page_id": page}
    second = client.comments.create(discussion_id=first["discussion_id"], rich_text=rich("again"))
    listed = client.comments.list(block_id=page)
    assert [each["id"] for each in listed["results"]] == [first["id"], second["id"]]
    assert (listed["type"], listed["comment"]) == ("comment", {})
    with pytest.raises(APIResponseError) as caught:
        client.comments.list(block_id=page, page_size=101)
    assert "should be ≤ `100` or `undefined`, instead was `101`." in str(caught.value)
    assert client.comments.retrieve(first["id"])["rich_text"][0]["plain_text"] == "hello"


def test_users(client: Any) -> None:
    me = client.users.me()
    assert (me["type"], me["name"]) == ("bot", "library-sync sandbox")
    assert me["bot"]["owner"] == {"type": "workspace", "workspace": True}
    listed = client.users.list()
    assert (listed["type"], listed["user"]) == ("user", {})
    person = next(user for user in listed["results"] if user["type"] == "person")
    assert client.users.retrieve(person["id"])["person"]["email"]
    assert len(collect_paginated_api(client.users.list, page_size=1)) == len(listed["results"])


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


def test_a_file_is_uploaded_and_attached(client: Any, page: str) -> None:
    upload = client.file_uploads.create(filename="a.txt", content_type="text/plain")
    assert upload["status"] == "pending"
    sent = client.file_uploads.send(
        upload["id"], file=("a.txt", io.BytesIO(b"12345"), "text/plain")
    )
    assert (sent["status"], sent["content_length"]) == ("uploaded", 5)
    block = {"file": {"type": "file_upload", "file_upload": {"id": upload["id"]}}}
    added = client.blocks.children.append(page, children=[block])["results"][0]
    assert added["file"]["type"] == "file"
    assert client.file_uploads.list()["results"][0]["id"] == upload["id"]
