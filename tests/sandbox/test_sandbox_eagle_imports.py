"""How items come into the Eagle stand-in over HTTP (docs/facts/eagle.md, "Imports")."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import av
import numpy as np
import pytest
import soundfile

from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger

Make = Callable[..., Path]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def test_the_id_comes_at_once_and_the_item_later(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    eagle.import_delay = (3.0, 3.0)
    began = time.monotonic()
    item_id = call.post("/api/item/addFromPath", path=str(make_wav()), name="Later")
    assert isinstance(item_id, str)
    assert call.refused("GET", "/api/item/info", id=item_id)[0] == 500
    assert call.get("/api/item/list") == []
    assert call.appeared(item_id)["name"] == "Later"
    assert time.monotonic() - began >= 3.0


def test_a_wav_gets_the_record_files_and_ledger_entry_of_an_audio_item(
    call: Any, eagle: EagleApp, eagle_ledger: Ledger, make_wav: Make
) -> None:
    source = make_wav("The Maelstrom", 2.5)
    folder = eagle.create_folder("Playlists")
    item_id = call.post(
        "/api/item/addFromPath",
        path=str(source),
        website="https://soundcloud.com/artist/maelstrom",
        annotation="a note",
        tags=["BPM140", "techno", "BPM140"],
        star=4,
        folderId=folder,
    )
    record = call.appeared(item_id)
    assert list(record) == [
        *("id", "name", "size", "btime", "mtime", "ext", "tags", "folders", "isDeleted", "url"),
        *("annotation", "modificationTime", "star", "width", "height", "duration", "lastModified"),
    ]
    assert record["name"] == "The Maelstrom"
    assert record["tags"] == ["BPM140", "techno"]
    assert record["folders"] == [folder]
    assert record["url"] == "https://soundcloud.com/artist/maelstrom"
    assert (record["width"], record["height"], record["duration"]) == (280, 140, 2.5)
    assert record["size"] == source.stat().st_size
    home = eagle.library.path / "images" / f"{item_id}.info"
    assert sorted(p.name for p in home.iterdir()) == [
        "The Maelstrom.wav",
        "The Maelstrom_thumbnail.png",
        "metadata.json",
    ]
    assert (home / "The Maelstrom.wav").read_bytes() == source.read_bytes()
    assert (home / "The Maelstrom_thumbnail.png").read_bytes()[8:12] == b"WEBP"
    assert json.loads((home / "metadata.json").read_bytes()) == record
    (told,) = eagle_ledger.entries(kind="item.add")
    assert (told["id"], told["name"], told["ext"]) == (item_id, "The Maelstrom", "wav")
    assert (told["url"], told["folders"], told["tags"]) == (
        record["url"],
        [folder],
        record["tags"],
    )
    assert told["library"] == str(eagle.library.path)


def test_an_aiff_is_icon_only(call: Any, eagle: EagleApp, tmp_path: Path) -> None:
    source = tmp_path / "tone.aiff"
    soundfile.write(source, np.zeros(44100 * 3), 44100)
    record = call.appeared(call.post("/api/item/addFromPath", path=str(source)))
    assert record["noPreview"] is True
    assert record["duration"] == 3
    assert not {"width", "height", "noThumbnail", "palettes"} & set(record)
    assert not list(eagle.library.item_folder(record["id"]).glob("*_thumbnail.png"))


@pytest.mark.parametrize(
    ("ext", "codec"), [("mp3", "libmp3lame"), ("m4a", "aac"), ("flac", "flac"), ("ogg", "libopus")]
)
def test_compressed_audio_has_its_duration_and_a_picture(
    call: Any, tmp_path: Path, ext: str, codec: str
) -> None:
    source = tmp_path / f"tone.{ext}"
    with av.open(str(source), "w") as out:
        stream = out.add_stream(codec, rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 48000 * 2 * 4), dtype=np.int16), format="s16", layout="stereo"
        )
        frame.rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    record = call.appeared(call.post("/api/item/addFromPath", path=str(source)))
    assert (record["width"], record["height"]) == (280, 140)
    assert record["duration"] == pytest.approx(4, abs=0.1)
    thumbnail = Path(call.get("/api/item/thumbnail", id=record["id"]))
    with av.open(str(thumbnail)) as picture:
        assert (picture.streams.video[0].width, picture.streams.video[0].height) == (280, 140)


def test_the_source_stays_unless_cut_mode_moves_it(call: Any, make_wav: Make) -> None:
    kept, moved = make_wav("kept"), make_wav("moved")
    call.appeared(call.post("/api/item/addFromPath", path=str(kept)))
    call.appeared(call.post("/api/item/addFromPath", path=str(moved), cutMode=True))
    assert kept.exists()
    assert not moved.exists()


def test_the_same_file_twice_is_two_items(call: Any, make_wav: Make) -> None:
    path = str(make_wav())
    first, second = (call.post("/api/item/addFromPath", path=path) for _ in range(2))
    assert first != second
    call.appeared(first)
    call.appeared(second)
    assert len(call.get("/api/item/list")) == 2


def test_a_missing_path_is_refused_at_once(call: Any, tmp_path: Path) -> None:
    status, body = call.refused("POST", "/api/item/addFromPath", path=str(tmp_path / "no.wav"))
    assert status == 500
    assert "ENOENT" in body["data"]
    assert call.refused("POST", "/api/item/addFromPath", path="relative.wav")[0] == 500
    assert call.refused("POST", "/api/item/addFromPath")[0] == 500


def test_empty_and_unfinished_files_are_taken_and_never_appear(
    call: Any, tmp_path: Path, eagle_ledger: Ledger
) -> None:
    empty, part, note = (tmp_path / name for name in ("empty.wav", "a.wav.part", "empty.txt"))
    empty.touch()
    part.write_bytes(b"RIFF")
    note.touch()
    ids = [call.post("/api/item/addFromPath", path=str(p)) for p in (empty, part, note)]
    assert call.appeared(ids[2])["ext"] == "txt"
    assert [lost for lost, _ in call.never(2)] == ids[:2]
    assert [entry["id"] for entry in eagle_ledger.entries(kind="item.add")] == [ids[2]]


def test_unknown_folders_are_dropped_without_a_word(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    known = eagle.create_folder("Known")
    path = str(make_wav())
    unfiled = call.post("/api/item/addFromPath", path=path, folderId="root")
    assert call.appeared(unfiled)["folders"] == []
    mixed = call.post("/api/item/addFromPath", path=path, folderIDs=["MKBAC8F1BAVW2", known])
    assert call.appeared(mixed)["folders"] == [known]


def test_a_folders_own_tags_are_added(call: Any, eagle: EagleApp, make_wav: Make) -> None:
    folder = eagle.create_folder("Auto")
    call.post("/api/v2/folder/update", id=folder, tags=["auto"])
    item = call.post("/api/item/addFromPath", path=str(make_wav()), tags=["own"], folderId=folder)
    assert call.appeared(item)["tags"] == ["own", "auto"]


def test_null_and_wrong_types_count_as_not_given(call: Any, make_wav: Make) -> None:
    nothing = dict.fromkeys(["name", "website", "annotation", "modificationTime", "folderId"])
    wrong = {"star": "5", "tags": 7, "headers": {}}
    record = call.appeared(
        call.post("/api/item/addFromPath", path=str(make_wav("plain")), **nothing, **wrong)
    )
    assert (record["name"], record["url"], record["annotation"]) == ("plain", "", "")
    assert record["tags"] == []
    assert "star" not in record


def test_the_date_added_may_be_given(call: Any, make_wav: Make) -> None:
    item = call.post("/api/item/addFromPath", path=str(make_wav()), modificationTime=1600000000000)
    assert call.appeared(item)["modificationTime"] == 1600000000000


def test_a_name_is_cleaned_on_disk_and_percent_encoded_in_the_thumbnail_path(
    call: Any, make_wav: Make
) -> None:
    item = call.post("/api/item/addFromPath", path=str(make_wav()), name='A/B: "C" #1 😀 100% é')
    record = call.appeared(item)
    assert record["name"] == "AB C #1  100 é"
    path = call.get("/api/item/thumbnail", id=item)
    assert path.endswith(f"{item}.info/AB%20C%20%231%20%20100%20%C3%A9_thumbnail.png")
    assert Path(unquote(path)).is_file()


def test_add_from_paths_answers_an_id_per_entry_and_heeds_only_the_outer_folder(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    outer, inner = eagle.create_folder("Outer"), eagle.create_folder("Inner")
    items = [
        {"path": str(make_wav(n)), "name": n.upper(), "tags": [n], "folderId": inner} for n in "ab"
    ]
    ids = call.post("/api/item/addFromPaths", items=items, folderId=outer)
    records = [call.appeared(item_id) for item_id in ids]
    assert [(r["name"], r["tags"], r["folders"]) for r in records] == [
        ("A", ["a"], [outer]),
        ("B", ["b"], [outer]),
    ]
    legacy = call.post("/api/item/addFromPaths", paths=[str(make_wav("c"))])
    assert call.appeared(legacy[0])["name"] == "c"
    assert call.refused("POST", "/api/item/addFromPaths", folderId=outer)[0] == 500


def test_add_from_paths_imports_what_came_before_a_missing_file(
    call: Any, make_wav: Make, eagle_ledger: Ledger
) -> None:
    items = [{"path": str(make_wav("here"))}, {"path": "/nowhere.wav"}, {"path": str(make_wav())}]
    status, body = call.refused("POST", "/api/item/addFromPaths", items=items)
    assert (status, body["status"]) == (500, "error")
    deadline = time.monotonic() + 60
    while not eagle_ledger.entries(kind="item.add") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [item["name"] for item in call.get("/api/item/list")] == ["here"]


def test_a_directory_is_walked_and_its_files_get_other_ids_and_no_tags(
    call: Any, tmp_path: Path, make_wav: Make, eagle_ledger: Ledger
) -> None:
    deep = tmp_path / "set" / "disc 1"
    deep.mkdir(parents=True)
    make_wav("one").rename(deep / "one.wav")
    make_wav("two").rename(deep.parent / "two.wav")
    answered = call.post("/api/item/addFromPath", path=str(deep.parent), name="Set", tags=["x"])
    deadline = time.monotonic() + 60
    while len(eagle_ledger.entries(kind="item.add")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    items = call.get("/api/item/list")
    assert {item["name"] for item in items} == {"one", "two"}
    assert answered not in [item["id"] for item in items]
    assert all(item["tags"] == [] for item in items)


def test_lost_imports_answer_success_and_never_appear(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    eagle.lose_imports = 1.0
    item = call.post("/api/item/addFromPath", path=str(make_wav()))
    assert call.never() == [(item, "Lost on purpose.")]
    eagle.lose_imports = 0.0
    call.appeared(call.post("/api/item/addFromPath", path=str(make_wav())))


def test_urls_answer_no_id_and_are_fetched_from_this_machine_only(
    call: Any, eagle: EagleApp, eagle_ledger: Ledger
) -> None:
    (eagle.library.path / "icon.png").write_bytes(base64.b64decode(PIXEL))
    here = f"{call.http.base_url}/api/library/icon?libraryPath={eagle.library.path}"
    long = "n" * 200
    assert call.post("/api/item/addFromURL", url=here, name=long, website="https://e.org") is None
    data = {"url": f"data:image/png;base64,{PIXEL}", "name": "Data", "tags": ["t"], "headers": {}}
    assert call.post("/api/item/addFromURLs", items=[data]) is None
    call.post("/api/item/addFromURL", url="http://192.0.2.1/far.png", name="far")
    assert "127.0.0.1" in call.never()[0][1]
    deadline = time.monotonic() + 60
    while len(eagle_ledger.entries(kind="item.add")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    items = {item["name"]: item for item in call.get("/api/item/list")}
    assert set(items) == {"n" * 128, "Data"}
    assert items["n" * 128]["url"] == "https://e.org"
    data_item = items["Data"]
    assert (data_item["ext"], data_item["height"], data_item["width"]) == ("png", 1, 1)
    assert call.get("/api/item/thumbnail", id=data_item["id"]).endswith("/Data.png")


def test_a_bookmark_is_a_url_item(call: Any, eagle: EagleApp) -> None:
    call.post("/api/item/addBookmark", url="https://soundcloud.com/a/b", name="B", base64=PIXEL)
    deadline = time.monotonic() + 60
    while not (items := call.get("/api/item/list")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (items[0]["ext"], items[0]["url"]) == ("url", "https://soundcloud.com/a/b")
    home = eagle.library.item_folder(items[0]["id"])
    assert b"URL=https://soundcloud.com/a/b" in (home / "B.url").read_bytes()


def test_large_copies_do_not_hold_up_other_calls(
    call: Any, tmp_path: Path, eagle_ledger: Ledger
) -> None:
    """While 60 MB are copied and drawn, small calls are answered."""
    big = tmp_path / "big.wav"
    soundfile.write(big, np.zeros((44100 * 170, 2), dtype=np.int16), 44100, subtype="PCM_16")
    for _ in range(2):
        call.post("/api/item/addFromPath", path=str(big))
    answered = 0
    while len(eagle_ledger.entries(kind="item.add")) < 2:
        call.get("/api/application/info")
        answered += 1
    assert answered > 10
