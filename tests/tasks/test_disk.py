"""State on this machine: what is bad in it costs itself; what is written is whole and private."""

from __future__ import annotations

import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest

from tasks.attempts import Attempts
from tasks.audio.acoustic import AcousticStore
from tasks.dedupe.journal import MergeJournal
from tasks.disk.journal import Journal
from tasks.disk.private import private_folder
from tasks.disk.volumes import free_bytes, require_mounted
from tasks.disk.whole_files import files_set_aside, read_document, write_whole
from tasks.eagle.disk import DiskLibrary, ItemCache
from tasks.eagle.pending import PendingImports
from tasks.errors import DiskUnavailable, FileError
from tasks.notion.new_rows import JustMade
from tasks.notion.row_query import FirstQueries, RowQuery
from tasks.notion.source import recall_source, remember_source
from tasks.tracks import TrackFilter

DEEP = b"[" * 100_000
BAD = {
    "other bytes": b"x\xff\n",
    "a torn line that is no ASCII": '{"address": "soundcloud.com/å'.encode()[:-1],
    "nested too deeply": DEEP + b"\n",
    "a number too large": b'{"at": 1e999, "page_id": "p", "key": "k"}\n',
    "no number": b'{"at": NaN, "page_id": "p", "key": "k"}\n',
    "a date too late": b'{"page_id": "p", "source": "s", "error": "SC_404", "on": "9999-12-31"}\n',
    "no object": b"7\n",
    "another format": b'{"v": 99, "page_id": "p"}\n',
    "nothing": b"\n\n",
}


def _number(entry: dict[str, object]) -> int:
    return int(str(entry["number"]))


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_a_bad_line_costs_itself(tmp_path: Path, bad: bytes) -> None:
    journal = Journal(tmp_path / "some.jsonl")
    journal.append({"number": 1})
    with journal.path.open("ab") as file:
        file.write(bad)
    journal.append({"number": 2})
    assert Journal(journal.path).read(_number) == [1, 2]


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_every_state_file_may_hold_anything(tmp_path: Path, bad: bytes) -> None:
    journals = ("attempts.jsonl", "added.jsonl", "merges.jsonl")
    for name in (*journals, "notion-sources.json", "notion-first-queries.json"):
        (tmp_path / name).write_bytes(bad)
    for folder in ("imports", "items", "L.library"):
        (tmp_path / folder).mkdir()
    (tmp_path / "imports" / "1-2.jsonl").write_bytes(bad)
    (tmp_path / "L.library" / "mtime.json").write_bytes(bad)
    cache = ItemCache(tmp_path / "items", "/L.library")
    cache.save({})
    next((tmp_path / "items").iterdir()).write_bytes(bad)

    attempts = Attempts(tmp_path / "attempts.jsonl", "", date(2026, 11, 25))
    assert attempts.of("p") is None
    assert JustMade(tmp_path).ids(["k"]) == []
    assert recall_source(tmp_path, "d") == ""
    assert MergeJournal(tmp_path / "merges.jsonl").read() == []
    assert PendingImports(tmp_path / "imports").remaining(("soundcloud.com/å", "wav")) is None
    assert cache.load() == {}
    assert "p" not in DiskLibrary(tmp_path / "L.library").stamps()
    remember_source(tmp_path, "d", "s")
    assert recall_source(tmp_path, "d") == "s"
    queries, asked = FirstQueries(tmp_path, "d"), RowQuery("s", {"page_size": 100}, ("title",))
    assert queries.recall(TrackFilter.ALL) is None
    queries.keep(TrackFilter.ALL, asked)
    assert queries.recall(TrackFilter.ALL) == asked
    assert queries.recall(TrackFilter.UNPROCESSED) is None


def test_a_journal_without_one_good_line_is_set_aside(tmp_path: Path, caplog) -> None:
    path = tmp_path / "attempts.jsonl"
    path.write_bytes(b"x\xff\ny\xfe\n")
    Attempts(path, "")
    assert not path.exists()
    assert [file.read_bytes() for file in files_set_aside(tmp_path)] == [b"x\xff\ny\xfe\n"]
    assert "could not be read" in caplog.text


def test_bad_lines_are_said_once(tmp_path: Path, caplog) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(b'{"number": 1}\nrubbish\n')
    for _ in range(3):
        Journal(path).read(_number)
    assert caplog.text.count("left out") == 1


def test_a_line_still_being_written_by_another_process_waits(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    journal = Journal(path)
    path.write_bytes(b'{"number": 1}\n{"num')
    assert journal.read_on(_number) == [1]
    with path.open("ab") as file:
        file.write(b'ber": 2}\n')
    assert journal.read_on(_number) == [2]


def test_an_import_is_not_asked_for_unless_its_note_is_on_the_disk(tmp_path: Path) -> None:
    pending = PendingImports(tmp_path / "imports")
    (tmp_path / "imports").rmdir()
    (tmp_path / "imports").write_text("a file where the folder should be")
    with pytest.raises(FileError):
        pending.note(("soundcloud.com/a", "wav"), 60)
    assert pending.remaining(("soundcloud.com/a", "wav")) is None


def test_a_note_of_an_import_in_days_to_come_delays_nothing(tmp_path: Path) -> None:
    other = PendingImports(tmp_path, clock=lambda: 9e12)
    other.note(("soundcloud.com/a", "wav"), 60)
    assert PendingImports(tmp_path).remaining(("soundcloud.com/a", "wav")) is None


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_what_is_kept_is_its_users_alone(tmp_path: Path) -> None:
    os.umask(0o022)
    state = tmp_path / "state"
    Journal(state / "deep" / "a.jsonl").append({"number": 1})
    write_whole(state / "b.json", "{}")
    PendingImports(state / "imports").note(("soundcloud.com/a", "wav"), 60)
    for path in [state, *state.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_a_folder_of_an_earlier_version_is_closed(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    assert stat.S_IMODE(private_folder(tmp_path / "state").stat().st_mode) == 0o700


def test_a_document_of_another_shape_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["no", "mapping"]))
    assert read_document(path, lambda found: dict(found.items())) is None
    assert len(files_set_aside(tmp_path)) == 1
    assert read_document(path, dict) is None


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_store_goes_on_behind_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "acoustic.jsonl"
    path.write_bytes(b'{"item": "I", "pcm"')
    assert len(AcousticStore(path)) == 0


def test_the_room_on_a_disk_that_is_not_there(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "yet") > 0
    with pytest.raises(DiskUnavailable, match="not mounted"):
        require_mounted(Path("/Volumes/No Such Disk/Music"))
