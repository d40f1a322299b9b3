"""V2 of the Eagle stand-in over HTTP (docs/facts/eagle.md, "V2")."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.eagle.eagle import EagleApp

Make = Callable[..., Path]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhf"
    "DwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


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
    assert ids(keywords=["deep", "house"]) == {second}
    assert ids(ext="aiff") == {second}
    assert ids(url="u1") == {first}
    assert ids(isUntagged=True) == {third}
    assert ids(isUnfiled=True) == {second, third}
    assert ids(rating=0) == {first, second, third}
    assert ids(shape="landscape") == {first, third}
    page = call.get("/api/v2/item/get", ids=f"{first},{second}", fields="id,tags", limit=1)
    assert page["data"] == [{"id": second, "tags": ["a"]}]
    assert page["total"] == 2


def test_item_query(call: Any, eagle: EagleApp) -> None:
    folder = eagle.create_folder("Warehouse")
    item = eagle.add_item(name="Acid", ext="wav", folders=[folder])
    eagle.add_item(name="Dub", ext="wav")
    page = call.post("/api/v2/item/query", query="warehouse -dub")
    assert [found["id"] for found in page["data"]] == [item]
    assert "importedAt" in page["data"][0]


def test_adding_by_path_with_an_id_of_ones_own_adds_once(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    folder = eagle.create_folder("F")
    args = {"id": "MKBAC8F1BAVW2", "path": str(make_wav()), "name": "N", "folders": [folder]}
    assert call.post("/api/v2/item/add", **args, website="w", tags=["t"], annotation="x") == {
        "id": "MKBAC8F1BAVW2"
    }
    record = call.appeared("MKBAC8F1BAVW2")
    assert (record["name"], record["url"], record["folders"]) == ("N", "w", [folder])
    assert call.post("/api/v2/item/add", **args) == {"id": "MKBAC8F1BAVW2"}
    eagle.background(lambda: None)
    assert call.get("/api/v2/item/countAll") == 1
    assert call.refused("POST", "/api/v2/item/add", **{**args, "id": "../../up"})[0] == 500


def test_a_batch_answers_ids_in_order(call: Any, eagle: EagleApp, make_wav: Make) -> None:
    folder = eagle.create_folder("F")
    items = [
        {"base64": PIXEL, "name": "A"},
        {"bookmarkURL": "https://e.org/page", "name": "Site"},
        {"path": str(make_wav("P"))},
        {"url": f"data:image/png;base64,{PIXEL}", "name": "U"},
    ]
    ids = call.post("/api/v2/item/add", items=items, folders=[folder])["ids"]
    records = [call.appeared(item_id) for item_id in ids]
    assert [(r["name"], r["ext"]) for r in records] == [
        ("A", "png"),
        ("Site", "url"),
        ("P", "wav"),
        ("U", "png"),
    ]
    assert records[1]["url"] == "https://e.org/page"
    assert all(r["folders"] == [folder] for r in records)


def test_bad_batches_are_refused_whole(call: Any, make_wav: Make) -> None:
    good = {"path": str(make_wav())}
    for items in ([], [good] * 1001, [good, {"name": "no source"}], [good, {"path": "/none"}]):
        status, body = call.refused("POST", "/api/v2/item/add", items=items)
        assert (status, body["status"]) == (500, "error")
    assert call.get("/api/v2/item/countAll") == 0


def test_item_update_may_change_what_v1_cannot(call: Any, eagle: EagleApp, make_wav: Make) -> None:
    folder = eagle.create_folder("F")
    item = eagle.add_item(make_wav(), name="Old", ext="wav")
    record = call.post(
        "/api/v2/item/update",
        id=item,
        name="New: name",
        folders=[folder, "unknown"],
        star=5,
        modificationTime=77,
    )
    assert (record["name"], record["folders"], record["star"]) == ("New name", [folder], 5)
    assert record["modificationTime"] == 77
    assert (eagle.library.item_folder(item) / "New name.wav").is_file()
    assert not (eagle.library.item_folder(item) / "Old.wav").exists()
    assert "star" not in call.post("/api/v2/item/update", id=item, star=0)
    assert call.post("/api/v2/item/update", id=item, isDeleted=True)["deletedTime"] > 0
    restored = call.post("/api/v2/item/update", id=item, isDeleted=False)
    assert restored["isDeleted"] is False
    assert "deletedTime" not in restored
    on_disk = json.loads((eagle.library.item_folder(item) / "metadata.json").read_bytes())
    assert on_disk == call.get("/api/item/info", id=item)


def test_item_update_of_nothing_is_false_and_long_texts_are_refused(
    call: Any, eagle: EagleApp
) -> None:
    assert call.post("/api/v2/item/update", id="MKBAC8F1BAVW2", star=1) is False
    item = eagle.add_item(name="A", ext="wav")
    assert call.refused("POST", "/api/v2/item/update", id=item, annotation="x" * 10_001)[0] == 500
    assert call.post("/api/v2/item/update", id=item, annotation="x" * 10_000)


def test_thumbnails(call: Any, eagle: EagleApp, tmp_path: Path, make_wav: Make) -> None:
    item = eagle.add_item(make_wav(seconds=2), name="A", ext="wav", duration=1.0)
    picture = tmp_path / "c.png"
    picture.write_bytes(b"PNG")
    assert call.post("/api/v2/item/setCustomThumbnail", itemId=item, filePath=str(picture)) is True
    assert eagle.library.thumbnail(eagle.library.items[item].record).read_bytes() == b"PNG"
    assert call.post("/api/v2/item/refreshThumbnail", itemId=item) is True
    assert eagle.library.thumbnail(eagle.library.items[item].record).read_bytes() != b"PNG"
    assert call.get("/api/item/info", id=item)["duration"] == 2


def test_folders_are_created_moved_and_shown_with_their_parents(call: Any, eagle: EagleApp) -> None:
    top = call.post("/api/v2/folder/create", name="Top", description="d")
    assert (top["description"], top["children"], top["parent"]) == ("d", [], None)
    sub = call.post("/api/v2/folder/create", name="Sub", parent=top["id"])
    assert sub["parent"] == top["id"]
    eagle.add_item(name="A", ext="wav", folders=[sub["id"]])
    page = call.get("/api/v2/folder/get")
    assert (page["total"], page["data"][0]["children"][0]["imageCount"]) == (1, 1)
    assert call.post("/api/v2/folder/get", ids=[sub["id"]])["data"][0]["name"] == "Sub"
    assert call.get("/api/v2/folder/get", isRecent="true")["total"] == 2
    into_itself = call.refused("POST", "/api/v2/folder/update", id=top["id"], parent=sub["id"])
    assert into_itself[0] == 500
    moved = call.post(
        "/api/v2/folder/update", id=sub["id"], parent=None, name="Sub 2", iconColor="green"
    )
    assert (moved["parent"], moved["name"], moved["iconColor"]) == (None, "Sub 2", "green")
    kept = call.post("/api/v2/folder/update", id=sub["id"], description="only this")
    assert (kept["name"], kept["iconColor"]) == ("Sub 2", "green")
    assert call.refused("POST", "/api/v2/folder/create")[0] == 500
    assert call.refused("POST", "/api/v2/folder/update", id="MKBAC8F1BAVW2")[0] == 500


def test_tags_are_renamed_and_merged_on_every_item(call: Any, eagle: EagleApp) -> None:
    a = eagle.add_item(name="A", ext="wav", tags=["dog", "pet"])
    b = eagle.add_item(name="B", ext="wav", tags=["hound"])
    renamed = call.post("/api/v2/tag/update", originalName="dog", name="Dog")
    assert (renamed["name"], renamed["count"]) == ("Dog", 1)
    assert call.get("/api/item/info", id=a)["tags"] == ["Dog", "pet"]
    assert call.post("/api/v2/tag/merge", source="hound", target="Dog") == {
        "affectedItems": 1,
        "sourceRemoved": True,
    }
    assert call.get("/api/item/info", id=b)["tags"] == ["Dog"]
    page = call.get("/api/v2/tag/get", name="do")
    assert [(tag["name"], tag["count"]) for tag in page["data"]] == [("Dog", 2)]
    assert call.get("/api/v2/tag/getRecentTags")["data"][0]["name"] == "Dog"
    assert call.get("/api/v2/tag/getStarredTags")["total"] == 0
    assert call.refused("POST", "/api/v2/tag/merge", source="x")[0] == 500


def test_tag_groups(call: Any, eagle: EagleApp) -> None:
    made = call.post("/api/v2/tagGroup/create", name="G", tags=["a"])
    assert made == {"id": made["id"], "name": "G", "color": "", "tags": ["a"], "description": ""}
    group = made["id"]
    other = call.post("/api/v2/tagGroup/create", name="H", tags=["b", "c"])["id"]
    added = call.post("/api/v2/tagGroup/addTags", groupId=group, tags=["b"], removeFromSource=True)
    assert added["tags"] == ["a", "b"]
    assert call.post("/api/v2/tagGroup/removeTags", groupId=group, tags=["a"])["tags"] == ["b"]
    updated = call.post("/api/v2/tagGroup/update", id=group, name="G2", tags=["z"], color="red")
    assert (updated["name"], updated["tags"], updated["color"]) == ("G2", ["z"], "red")
    page = call.get("/api/v2/tagGroup/get")
    assert [g["tags"] for g in page["data"]] == [["z"], ["c"]]
    root = json.loads((eagle.library.path / "metadata.json").read_bytes())
    assert [g["id"] for g in root["tagsGroups"]] == [group, other]
    assert call.post("/api/v2/tagGroup/remove", id=group) is True
    assert call.refused("POST", "/api/v2/tagGroup/remove", id=group)[0] == 500


def test_libraries(call: Any, eagle: EagleApp, tmp_path: Path) -> None:
    info = call.get("/api/v2/library/info")
    assert (info["name"], info["path"]) == ("Sandbox", str(eagle.library.path))
    assert info["tagGroups"] == info["tagsGroups"] == []
    assert call.get("/api/v2/library/history")["data"] == [
        {"name": "Sandbox", "path": str(eagle.library.path)}
    ]
    other = EagleApp(tmp_path / "elsewhere", library_name="Other").library.path
    assert call.post("/api/v2/library/switch", libraryPath=str(other)) is True
    deadline = time.monotonic() + 60
    while eagle.library.path != other and time.monotonic() < deadline:
        time.sleep(0.01)
    assert call.get("/api/v2/library/info")["name"] == "Other"
    status, body = call.refused("POST", "/api/v2/library/switch", libraryPath=str(tmp_path))
    assert (status, body) == (500, {"status": "error", "message": "Library does not exist."})


@pytest.mark.parametrize("limit", ["0", "-1", "abc", ""])
def test_odd_limits_do_not_fail(call: Any, eagle: EagleApp, limit: str) -> None:
    eagle.add_item(name="A", ext="wav")
    assert call.get("/api/v2/item/get", limit=limit)["total"] == 1
    assert isinstance(call.get("/api/item/list", limit=limit), list)
