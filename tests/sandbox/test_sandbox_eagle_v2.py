"""V2 of the Eagle stand-in over HTTP (docs/facts/eagle.md, "V2")."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.eagle.eagle import EagleApp

Make = Callable[..., Path]


def test_app_info(call: Any) -> None:
    info = call.get("/api/v2/app/info")
    assert set(info) == {"version", "prereleaseVersion", "buildVersion", "platform"}


def test_offset_counts_items_and_the_limit_is_clamped(call: Any, eagle: EagleApp) -> None:
    for number in range(1030):
        eagle.add_item(name=str(number), ext="wav", modification_time=number + 1)
    page = call.get("/api/v2/item/get")
    assert (len(page["data"]), page["total"], page["offset"], page["limit"]) == (50, 1030, 0, 50)
    assert page["data"][0]["name"] == "1029"
    page = call.post("/api/v2/item/get", offset=3, limit=2)
    assert [item["name"] for item in page["data"]] == ["1026", "1025"]
    page = call.post("/api/v2/item/get", limit=5000)
    assert (len(page["data"]), page["limit"]) == (1000, 1000)
    assert call.get("/api/v2/item/countAll") == 1030


def test_item_get_filters_and_projects(call: Any, eagle: EagleApp) -> None:
    folder = eagle.create_folder("F")
    first = eagle.add_item(name="Deep Dub", ext="wav", tags=["a", "b"], folders=[folder], url="u1")
    second = eagle.add_item(name="Deep House", ext="aiff", tags=["a"])
    third = eagle.add_item(name="Acid", ext="wav")
    trashed = eagle.add_item(name="Gone", ext="wav")
    call.post("/api/item/moveToTrash", itemIds=[trashed])

    def ids(**args: object) -> set[str]:
        page = call.post("/api/v2/item/get", **args)
        assert page["total"] == len(page["data"])
        return {item["id"] for item in page["data"]}

    assert ids() == {first, second, third}
    assert ids(id=first) == {first}
    assert ids(ids=[second, third, trashed]) == {second, third}
    assert ids(tags=["a", "b"]) == {first}
    assert ids(folders=[folder]) == {first}
    assert ids(ext="aiff") == {second}
    assert ids(url="u1") == {first}
    page = call.get("/api/v2/item/get", ids=f"{first},{second}", fields="id,tags", limit=1)
    assert page["data"] == [{"id": second, "tags": ["a"]}]
    assert page["total"] == 2


def test_item_update_may_change_what_v1_cannot(call: Any, eagle: EagleApp, make_wav: Make) -> None:
    folder = eagle.create_folder("F")
    item = eagle.add_item(make_wav(), name="Old", ext="wav")
    record = call.post(
        "/api/v2/item/update",
        id=item,
        name="New: name",
        folders=[folder, "unknown"],
        modificationTime=77,
    )
    assert (record["name"], record["folders"]) == ("New name", [folder])
    assert record["modificationTime"] == 77
    assert (eagle.library.item_folder(item) / "New name.wav").is_file()
    assert not (eagle.library.item_folder(item) / "Old.wav").exists()
    assert call.post("/api/v2/item/update", id=item, isDeleted=True)["deletedTime"] > 0
    restored = call.post("/api/v2/item/update", id=item, isDeleted=False)
    assert restored["isDeleted"] is False
    assert "deletedTime" not in restored
    on_disk = json.loads((eagle.library.item_folder(item) / "metadata.json").read_bytes())
    assert on_disk == call.get("/api/item/info", id=item)


def test_item_update_of_nothing_is_false_and_long_texts_are_refused(
    call: Any, eagle: EagleApp
) -> None:
    assert call.post("/api/v2/item/update", id="MKBAC8F1BAVW2", tags=[]) is False
    item = eagle.add_item(name="A", ext="wav")
    assert call.refused("POST", "/api/v2/item/update", id=item, annotation="x" * 10_001)[0] == 500
    assert call.post("/api/v2/item/update", id=item, annotation="x" * 10_000)


@pytest.mark.parametrize("limit", ["0", "-1", "abc", ""])
def test_odd_limits_do_not_fail(call: Any, eagle: EagleApp, limit: str) -> None:
    eagle.add_item(name="A", ext="wav")
    assert call.get("/api/v2/item/get", limit=limit)["total"] == 1
    assert isinstance(call.get("/api/item/list", limit=limit), list)
