"""The Eagle stand-in's library on disk, and that everything survives on disk alone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.eagle.disk.ids import IdMint, is_id
from sandbox.eagle.disk.library import is_library
from sandbox.eagle.eagle import EagleApp

Make = Callable[..., Path]


def test_a_new_library_has_the_skeleton_byte_for_byte(eagle: EagleApp) -> None:
    home = eagle.library.path
    assert sorted(p.name for p in home.iterdir()) == [
        *("actions.json", "backup", "images", "metadata.json", "mtime.json"),
        *("saved-filters.json", "tags.json"),
    ]
    root = (home / "metadata.json").read_bytes()
    assert re.fullmatch(
        rb'\{"applicationVersion":"4\.0\.0","folders":\[\],"smartFolders":\[\],'
        rb'"quickAccess":\[\],"tagsGroups":\[\],"modificationTime":\d{13}\}',
        root,
    )
    assert (home / "mtime.json").read_bytes() == b"{}"
    assert (home / "tags.json").read_bytes() == b'{"historyTags":[],"starredTags":[]}'
    assert (home / "saved-filters.json").read_bytes() == b"[]"
    assert (home / "actions.json").read_bytes() == b"[]"
    assert is_library(home)
    assert not is_library(home.parent)


def test_ids_are_thirteen_characters_that_begin_with_the_time() -> None:
    made = IdMint(lambda: 1774000000.123, seed=1).new()
    assert is_id(made)
    assert len(made) == 13
    assert int(made[:8], 36) == 1774000000123
    assert is_id("MKBAC8F1BAVW2")
    assert is_id("123e4567-e89b-12d3-a456-426614174000")
    assert not is_id("../../etc/pass")
    assert not is_id("MKBAC8F1BAVW")


def test_a_folder_is_written_as_eagle_writes_it_with_a_backup(eagle: EagleApp) -> None:
    top = eagle.create_folder("Playlists")
    eagle.create_folder("Peak Time 🎧 — 90's", top)
    root_bytes = (eagle.library.path / "metadata.json").read_bytes()
    folder = json.loads(root_bytes)["folders"][0]
    keys = ["id", "name", "description", "children", "modificationTime", "tags", "password"]
    assert list(folder) == [*keys, "passwordTips"]
    assert list(folder["children"][0]) == list(folder)
    assert "Peak Time 🎧 — 90's".encode() in root_bytes
    backups = sorted((eagle.library.path / "backup").iterdir())
    assert re.fullmatch(r"backup-\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.\d{3}\.json", backups[-1].name)
    assert backups[-1].read_bytes() == root_bytes


def test_only_the_newest_hundred_backups_stay(tmp_path: Path) -> None:
    moments = iter(range(10_000))
    eagle = EagleApp(tmp_path, clock=lambda: 1774000000 + next(moments))
    for number in range(105):
        eagle.create_folder(f"F{number}")
    backups = list((eagle.library.path / "backup").iterdir())
    assert len(backups) == 100
    newest = max(backups).read_bytes()
    assert json.loads(newest)["folders"][-1]["name"] == "F104"


def test_mtime_lists_every_item_and_counts_them_last(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    ids = [call.post("/api/item/addFromPath", path=str(make_wav(n))) for n in "ab"]
    records = [call.appeared(item_id) for item_id in ids]
    mtime = eagle.library.path / "mtime.json"
    deadline = time.monotonic() + 60
    while mtime.read_bytes() == b"{}" and time.monotonic() < deadline:
        time.sleep(0.05)
    listed = json.loads(mtime.read_bytes())
    assert set(listed) == {*ids, "all"}
    assert listed["all"] == 2
    assert [listed[i] for i in ids] == [r["lastModified"] for r in records]


def test_an_update_raises_the_items_mtime(call: Any, eagle: EagleApp) -> None:
    item = eagle.add_item(name="A", ext="wav")
    eagle.library.flush()
    before = json.loads((eagle.library.path / "mtime.json").read_bytes())[item]
    record = call.post("/api/item/update", id=item, tags=["new"])
    eagle.library.flush()
    after = json.loads((eagle.library.path / "mtime.json").read_bytes())[item]
    assert after == record["lastModified"] > before


def test_everything_survives_a_restart(call: Any, eagle: EagleApp, make_wav: Make) -> None:
    folder = eagle.create_folder("Playlists")
    item = call.post("/api/item/addFromPath", path=str(make_wav()), folderId=folder, tags=["x"])
    call.appeared(item)
    call.post("/api/item/update", id=item, annotation="kept")
    gone = eagle.add_item(name="Gone", ext="aiff")
    call.post("/api/item/moveToTrash", itemIds=[gone])
    eagle.close()
    again = EagleApp(eagle.library.path.parent)
    assert [i.record for i in again.items()] == [i.record for i in eagle.items()]
    assert again.library.root == eagle.library.root
    found = again.find(gone)
    assert found is not None
    assert found.record["isDeleted"] is True


def test_a_restart_needs_no_orderly_end(eagle: EagleApp) -> None:
    """Items are on disk when they appear; mtime.json is made good when the library opens."""
    ids = [eagle.add_item(name=f"T{n}", ext="wav") for n in range(3)]
    again = EagleApp(eagle.library.path.parent)
    again.library.flush()
    listed = json.loads((again.library.path / "mtime.json").read_bytes())
    assert set(listed) == {*ids, "all"}


@pytest.mark.parametrize("broken", [b"", b"\0" * 300, b"{", b"[]", b"\xff\xfe"])
def test_a_broken_record_does_not_hide_the_others(eagle: EagleApp, broken: bytes) -> None:
    good, bad = (eagle.add_item(name=n, ext="wav") for n in ("good", "bad"))
    (eagle.library.item_folder(bad) / "metadata.json").write_bytes(broken)
    again = EagleApp(eagle.library.path.parent)
    assert [item.record["id"] for item in again.items()] == [good]
    assert again.library.unreadable == [bad]
    again.library.flush()
    assert json.loads((again.library.path / "mtime.json").read_bytes())["all"] == 2


def test_two_records_in_one_file_count_as_the_first(eagle: EagleApp) -> None:
    item = eagle.add_item(name="first", ext="wav")
    file = eagle.library.item_folder(item) / "metadata.json"
    file.write_bytes(file.read_bytes() + b'{"id":"x","name":"second"}')
    found = EagleApp(eagle.library.path.parent).find(item)
    assert found is not None
    assert found.record["name"] == "first"


def test_a_record_of_another_program_gets_the_keys_it_lacks(eagle: EagleApp) -> None:
    item = "MKBAC8F1BAVW2"
    eagle.library.item_folder(item).mkdir()
    odd = {"id": "other", "name": "Odd", "bpm": 128, "tags": None, "modificationTime": 1.5e12}
    (eagle.library.item_folder(item) / "metadata.json").write_text(json.dumps(odd, indent=2))
    (eagle.library.path / "images" / "not-an-id.info").mkdir()
    found = EagleApp(eagle.library.path.parent).find(item)
    assert found is not None
    assert found.record["bpm"] == 128
    assert (found.record["id"], found.record["tags"], found.record["folders"]) == (item, [], [])
    assert found.record["modificationTime"] == 1_500_000_000_000


def test_whole_seconds_are_written_as_javascript_writes_them(eagle: EagleApp) -> None:
    item = eagle.add_item(name="Even", ext="wav", duration=240.0, size=9)
    data = (eagle.library.item_folder(item) / "metadata.json").read_bytes()
    assert b'"duration":240,' in data
    assert b'"width":280,"height":140,' in data


def test_seeding_takes_files_bytes_or_nothing(eagle: EagleApp, make_wav: Make) -> None:
    folder = eagle.create_folder("Seeds")
    path = eagle.add_item(make_wav("a", 1.5), name="A", ext="wav", folders=[folder])
    data = eagle.add_item(b"ID3", name="B", ext="mp3", duration=200.25, size=8_000_000)
    bare = eagle.add_item(name="C", ext="aiff", url="https://e.org", modification_time=5)
    records = [eagle.library.items[item].record for item in (path, data, bare)]
    assert records[0]["duration"] == 1.5
    assert (records[1]["duration"], records[1]["size"]) == (200.25, 8_000_000)
    assert (records[2]["url"], records[2]["modificationTime"]) == ("https://e.org", 5)
    assert eagle.ledger.entries() == []


def test_a_library_of_six_thousand_lists_in_one_call_and_imports_as_fast(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    """Processor time: a second at most for a list; for an import as much as in an empty library."""
    source = str(make_wav(seconds=0.2))
    eagle.pictures = False

    def import_one(name: str) -> float:
        began = time.process_time()
        call.appeared(call.post("/api/item/addFromPath", path=source, name=name))
        return time.process_time() - began

    import_one("warm")
    small = min(import_one(f"small {n}") for n in range(5))
    for number in range(6_000):
        eagle.add_item(name=f"Track {number}", ext="wav", url=f"https://e.org/{number}", size=1)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        answer = call.http.get("/api/item/list", params={"limit": 100_000})
        seconds.append(time.process_time() - began)
    assert min(seconds) < 1.0
    assert len(answer.json()["data"]) == 6_006
    assert min(import_one(f"large {n}") for n in range(5)) < small + 0.25
