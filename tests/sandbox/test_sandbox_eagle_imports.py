"""How items come into the Eagle stand-in over HTTP (docs/facts/eagle.md, "Imports")."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger

Make = Callable[..., Path]


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
        folderId=folder,
    )
    record = call.appeared(item_id)
    assert list(record) == [
        *("id", "name", "size", "btime", "mtime", "ext", "tags", "folders", "isDeleted", "url"),
        *("annotation", "modificationTime", "width", "height", "duration", "lastModified"),
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
    call: Any, eagle: EagleApp, tmp_path: Path, ext: str, codec: str
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
    thumbnail = eagle.library.thumbnail(record)
    with av.open(str(thumbnail)) as picture:
        assert (picture.streams.video[0].width, picture.streams.video[0].height) == (280, 140)


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
    eagle.library.root["folders"][0]["tags"] = ["auto"]
    item = call.post("/api/item/addFromPath", path=str(make_wav()), tags=["own"], folderId=folder)
    assert call.appeared(item)["tags"] == ["own", "auto"]


def test_null_and_wrong_types_count_as_not_given(call: Any, make_wav: Make) -> None:
    nothing = dict.fromkeys(["name", "website", "annotation", "modificationTime", "folderId"])
    wrong = {"tags": 7, "headers": {}}
    record = call.appeared(
        call.post("/api/item/addFromPath", path=str(make_wav("plain")), **nothing, **wrong)
    )
    assert (record["name"], record["url"], record["annotation"]) == ("plain", "", "")
    assert record["tags"] == []


def test_the_date_added_may_be_given(call: Any, make_wav: Make) -> None:
    item = call.post("/api/item/addFromPath", path=str(make_wav()), modificationTime=1600000000000)
    assert call.appeared(item)["modificationTime"] == 1600000000000


def test_a_name_is_cleaned_on_disk(call: Any, eagle: EagleApp, make_wav: Make) -> None:
    item = call.post("/api/item/addFromPath", path=str(make_wav()), name='A/B: "C" #1 😀 100% é')
    record = call.appeared(item)
    assert record["name"] == "AB C #1  100 é"
    assert eagle.library.original(record).name == "AB C #1  100 é.wav"
    assert eagle.library.original(record).is_file()


def test_lost_imports_answer_success_and_never_appear(
    call: Any, eagle: EagleApp, make_wav: Make
) -> None:
    eagle.lose_imports = 1.0
    item = call.post("/api/item/addFromPath", path=str(make_wav()))
    assert call.never() == [(item, "Lost on purpose.")]
    eagle.lose_imports = 0.0
    call.appeared(call.post("/api/item/addFromPath", path=str(make_wav())))


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
