"""V1 of the Eagle stand-in over HTTP: lists, items, folders, libraries."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger


def _names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


@pytest.fixture
def ten(eagle: EagleApp) -> list[str]:
    """Ten items `T0` (oldest) to `T9`, smaller the newer."""
    return [
        eagle.add_item(name=f"T{n}", ext="wav", modification_time=1000 + n, size=100 - n)
        for n in range(10)
    ]


def test_the_list_is_newest_first(call: Any, ten: list[str]) -> None:
    assert _names(call.get("/api/item/list")) == [f"T{n}" for n in range(9, -1, -1)]


def test_offset_is_a_page_number(call: Any, ten: list[str]) -> None:
    assert _names(call.get("/api/item/list", limit=3, offset=1)) == ["T6", "T5", "T4"]
    assert _names(call.get("/api/item/list", limit=3, offset=3)) == ["T0"]
    assert call.get("/api/item/list", limit=5, offset=2) == []


def test_offset_without_a_limit_is_ignored(call: Any, ten: list[str]) -> None:
    assert len(call.get("/api/item/list", offset=1)) == 10
    assert len(call.get("/api/item/list", offset=1, limit="many")) == 10


def test_order_picks_the_page_and_the_page_is_newest_first(call: Any, ten: list[str]) -> None:
    assert _names(call.get("/api/item/list", limit=3, orderBy="-CREATEDATE")) == ["T2", "T1", "T0"]
    assert _names(call.get("/api/item/list", limit=2, orderBy="FILESIZE")) == ["T9", "T8"]
    assert _names(call.get("/api/item/list", limit=2, orderBy="-FILESIZE")) == ["T1", "T0"]
    assert _names(call.get("/api/item/list", limit=2, orderBy="NONSENSE")) == ["T9", "T8"]


def test_names_sort_by_number_and_without_case(call: Any, eagle: EagleApp) -> None:
    for name in ("track 10", "Track 9", "TRACK 2"):
        eagle.add_item(name=name, ext="wav")
    first = call.get("/api/item/list", limit=1, orderBy="NAME")
    last = call.get("/api/item/list", limit=1, orderBy="-NAME")
    assert (_names(first), _names(last)) == (["TRACK 2"], ["track 10"])


def test_two_hundred_unless_told_and_no_upper_limit(call: Any, eagle: EagleApp) -> None:
    for number in range(210):
        eagle.add_item(name=str(number), ext="wav")
    assert len(call.get("/api/item/list")) == 200
    assert len(call.get("/api/item/list", limit=100000)) == 210


def test_filters(call: Any, eagle: EagleApp) -> None:
    a, b = eagle.create_folder("A"), eagle.create_folder("B", None)
    eagle.add_item(name="Deep Dub", ext="wav", url="https://x.org/Dub", tags=["dub"], folders=[a])
    eagle.add_item(name="Deep House", ext="aiff", tags=["house", "deep"], folders=[a, b])
    eagle.add_item(name="Acid", ext="wav", tags=["acid"])

    def found(**query: object) -> set[str]:
        return set(_names(call.get("/api/item/list", **query)))

    assert found(keyword="deep,DUB") == {"Deep Dub"}
    assert found(keyword="acid", name="house") == {"Deep House"}
    assert found(keyword="dub") == {"Deep Dub"}
    assert found(url="x.org/dub") == {"Deep Dub"}
    assert found(tags="dub,acid") == {"Deep Dub", "Acid"}
    assert found(folders=f"{b}") == {"Deep House"}
    assert found(folders=f"{a},{b}") == {"Deep Dub", "Deep House"}
    assert found(ext="WAV", keyword="deep") == {"Deep Dub"}
    assert found(folderId=b, folder=b) == {"Deep Dub", "Deep House", "Acid"}


def test_a_parents_list_does_not_show_its_childrens_items(call: Any, eagle: EagleApp) -> None:
    parent = eagle.create_folder("Parent")
    child = eagle.create_folder("Child", parent)
    eagle.add_item(name="Inside", ext="wav", folders=[child])
    assert call.get("/api/item/list", folders=parent) == []


def test_update_replaces_tags_and_ignores_what_it_cannot_use(
    call: Any, eagle: EagleApp, eagle_ledger: Ledger
) -> None:
    item = eagle.add_item(name="A", ext="wav", tags=["old"])
    record = call.post("/api/item/update", id=item, tags=["new", "new2"], annotation="n", url="u")
    assert record["tags"] == ["new", "new2"]
    assert (record["annotation"], record["url"]) == ("n", "u")
    ignored = call.post(
        "/api/item/update",
        id=item,
        name="B",
        folders=["X"],
        annotation=["no"],
        url=5,
        tags="no",
    )
    assert {**ignored, "lastModified": 0} == {**record, "lastModified": 0}
    assert call.get("/api/item/info", id=item) == ignored
    assert call.refused("POST", "/api/item/update", id="MKBAC8F1BAVW2", tags=[])[0] == 500
    assert [e["id"] for e in eagle_ledger.entries(kind="item.update")] == [item, item]


def test_trash_hides_from_lists_but_not_from_info(
    call: Any, eagle: EagleApp, eagle_ledger: Ledger
) -> None:
    item = eagle.add_item(name="A", ext="wav")
    assert call.post("/api/item/moveToTrash", itemIds=[item, "MKBAC8F1BAVW2"]) is None
    assert call.get("/api/item/list") == []
    record = call.get("/api/item/info", id=item)
    assert record["isDeleted"] is True
    assert record["deletedTime"] > 0
    assert [e["id"] for e in eagle_ledger.entries(kind="item.trash")] == [item]


def test_records_tell_no_path(call: Any, eagle: EagleApp) -> None:
    item = eagle.add_item(name="A", ext="wav")
    assert not {"path", "filePath"} & set(call.get("/api/item/info", id=item))


def test_folder_create_answers_the_documented_keys_and_never_looks_for_the_name(
    call: Any, eagle_ledger: Ledger
) -> None:
    first = call.post("/api/folder/create", folderName="Same")
    second = call.post("/api/folder/create", folderName="Same")
    assert list(first) == [
        *("id", "name", "images", "folders", "modificationTime", "imagesMappings", "tags"),
        *("children", "isExpand"),
    ]
    assert first["id"] != second["id"]
    child = call.post("/api/folder/create", folderName="Same", parent=first["id"])
    stray = call.post("/api/folder/create", folderName="Stray", parent="MKBAC8F1BAVW2")
    tree = call.get("/api/folder/list")
    assert [f["id"] for f in tree] == [first["id"], second["id"], stray["id"]]
    assert [f["id"] for f in tree[0]["children"]] == [child["id"]]
    told = eagle_ledger.entries(kind="folder.create")
    assert [e["id"] for e in told] == [f["id"] for f in (first, second, child, stray)]


def test_the_folder_list_shows_neither_parents_nor_counts(call: Any, eagle: EagleApp) -> None:
    top = eagle.create_folder("Top")
    eagle.create_folder("Sub", top)
    (shown,) = call.get("/api/folder/list")
    assert set(shown) == {
        *("id", "name", "description", "children", "modificationTime", "tags", "extendTags"),
        *("pinyin", "password", "passwordTips"),
    }
    eagle.library.root["folders"][0]["iconColor"] = "red"
    assert call.get("/api/folder/list")[0]["iconColor"] == "red"


def test_tags_of_folders_above_are_extended(call: Any, eagle: EagleApp) -> None:
    top = eagle.create_folder("Top")
    eagle.create_folder("Sub", top)
    (folder,) = eagle.library.root["folders"]
    folder["tags"], folder["children"][0]["tags"] = ["up"], ["down"]
    shown = call.get("/api/folder/list")[0]
    assert shown["extendTags"] == ["up"]
    assert shown["children"][0]["extendTags"] == ["up", "down"]


def test_a_locked_folder_shows_no_children(call: Any, eagle: EagleApp) -> None:
    top = eagle.create_folder("Top")
    eagle.create_folder("Secret", top)
    eagle.library.root["folders"][0]["password"] = "hash"
    (shown,) = call.get("/api/folder/list")
    assert shown["children"] == []
    assert "hash" not in str(shown)


def test_library_info_names_the_library(call: Any, eagle: EagleApp) -> None:
    info = call.get("/api/library/info")
    path = eagle.library.path
    assert info["library"] == {"path": str(path), "name": "Sandbox"}
    assert {"folders", "smartFolders", "quickAccess", "tagsGroups"} <= set(info)
    assert info["applicationVersion"] == "4.0.0"
    assert "itemCount" not in info


def test_switching_answers_before_the_library_is_open(
    call: Any, eagle: EagleApp, eagle_ledger: Ledger, tmp_path: Path
) -> None:
    first = eagle.library.path
    item = eagle.add_item(name="A", ext="wav")
    other = EagleApp(tmp_path / "elsewhere", library_name="Other").library.path
    eagle.switch_delay = 0.5
    assert call.post("/api/library/switch", libraryPath=str(other)) is None
    assert call.get("/api/library/info")["library"]["path"] == str(first)
    deadline = time.monotonic() + 60
    while eagle.library.path == first and time.monotonic() < deadline:
        time.sleep(0.01)
    assert call.get("/api/library/info")["library"]["name"] == "Other"
    assert call.refused("GET", "/api/item/info", id=item)[0] == 500
    assert eagle_ledger.entries(kind="library.switch")[0]["library"] == str(other)
    eagle.switch_library(first)
    assert call.get("/api/item/info", id=item)["name"] == "A"


def test_switching_to_nothing_is_refused(call: Any, tmp_path: Path) -> None:
    for path in (tmp_path / "no.library", tmp_path):
        assert call.refused("POST", "/api/library/switch", libraryPath=str(path)) == (
            500,
            {"status": "error", "data": "Library does not exist."},
        )


def test_a_user_who_switches_mid_run_loses_what_is_pending(
    call: Any, eagle: EagleApp, tmp_path: Path
) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a")
    folder = eagle.create_folder("Only in the first")
    eagle.import_delay = (0.5, 0.5)
    pending = call.post("/api/item/addFromPath", path=str(source), folderId=folder)
    eagle.switch_library("Second")
    assert call.never()[0][0] == pending
    landed = call.post("/api/item/addFromPath", path=str(source), folderId=folder)
    assert call.appeared(landed)["folders"] == []
    assert eagle.library.name == "Second"
