"""doctor: every defect is named with its remedy, and a healthy sandbox is found healthy."""

from __future__ import annotations

import json
import socket
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from notion_client import Client
from rich.console import Console

from flows.__main__ import main
from flows.doctor.findings import Level, fail, ok, table
from flows.doctor.machine import bytes_needed, judge_space
from flows.doctor.notion import judge_clock, judge_locks
from flows.doctor.source import judge_ytdlp
from flows.settings import VARIABLES
from sandbox.fault_plans import plan_from
from tasks.soundcloud.update import release_of
from tasks.tracks import Track


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def examined(sandbox_factory, monkeypatch, tmp_path):
    """`examined(changes, prepare)`: doctor's checks by name, and its exit code."""

    def run(changes=None, prepare=None, tracks=2):
        sandbox = sandbox_factory(tracks=tracks)
        if prepare is not None:
            prepare(sandbox)
        for name, value in (sandbox.environment | (changes or {})).items():
            monkeypatch.setenv(name, value)
        code = main(["doctor", "--json", str(tmp_path / "doctor.json")])
        return code, json.loads((tmp_path / "doctor.json").read_text())["checks"]

    return run


def properties(changes):
    """A change of the tracks database's schema, over HTTP."""

    def prepare(sandbox):
        environment = sandbox.environment
        client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
        client.request(
            f"data_sources/{sandbox.world.tracks_source}", "PATCH", body={"properties": changes}
        )

    return prepare


def a_lock(age: timedelta, host: str = "Other-Mac.local"):
    """A lock of that age on the first row."""

    def prepare(sandbox):
        since = datetime.now(UTC).replace(microsecond=0) - age
        row = sandbox.world.rows[0]
        lock = f"4711:{host}:0badcafe:{since.isoformat()}"
        sandbox.world.update_row(row.page_id, {"Processing Lock": lock})

    return prepare


def a_long_track(sandbox):
    """A row that announces more audio than any disk holds."""
    sandbox.world.update_row(sandbox.world.rows[0].page_id, {"Audio Duration (seconds)": 4e12})


def stop_eagle(sandbox):
    sandbox.wait_for(sandbox.stop_eagle())


def env_file(text, mode=0o600):
    def prepare(_):
        Path(".env").write_text(text)
        Path(".env").chmod(mode)

    return prepare


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def writes_fail(sandbox):
    """Notion answers what is read, and no write."""
    answers = [{"fault": "bad_gateway", "method": "PATCH", "times": 99}]
    sandbox.set_faults("notion", plan_from("notion", None, {"aimed": answers}))


NOWHERE = f"http://127.0.0.1:{closed_port()}"
A_FOREIGN_ID = "12345678-1234-4234-8234-123456789abc"

DEFECTS = {
    "token refused": ({"NOTION_TOKEN": "secret-wrong"}, None, "Notion token", "set NOTION_TOKEN"),
    "token missing": ({"NOTION_TOKEN": ""}, None, "Notion token", "library-sync setup"),
    "no database": ({"TRACKS_DB_ID": ""}, None, "Tracks database", "library-sync setup"),
    "other database": ({"TRACKS_DB_ID": A_FOREIGN_ID}, None, "Tracks database", "share"),
    "no id at all": ({"TRACKS_DB_ID": "nonsense"}, None, "TRACKS_DB_ID", "copy its link"),
    "Notion is away": ({"NOTION_BASE_URL": NOWHERE}, None, "Notion", "NOTION_BASE_URL"),
    "no box": ({}, properties({"DL": None}), "Property", "'DL' of type checkbox"),
    "no address": ({}, properties({"SoundCloud URL": None}), "Property", "'SoundCloud URL' of"),
    "box is text": ({}, properties({"DL": {"rich_text": {}}}), "Property", "type of 'DL'"),
    "playlists unknown": ({"PLAYLISTS_DB_ID": A_FOREIGN_ID}, None, "Playlists", "PLAYLISTS_DB_ID"),
    "Eagle is away": ({}, stop_eagle, "Eagle", "EAGLE_API_BASE=off"),
    "other library": ({"EAGLE_LIBRARY_PATH": "/x/y.library"}, None, "Eagle library", "correct"),
    "path map": ({"EAGLE_PATH_MAP": "nonsense"}, None, "EAGLE_PATH_MAP", "/path/here="),
    "proxy is away": ({"SC_PROXY": NOWHERE}, None, "SoundCloud", "SC_PROXY"),
    "certificate": ({"SC_TLS_VERIFY": "1"}, None, "SoundCloud", "SC_TLS_VERIFY=0"),
    "unwritable": ({"OUT_DIR": "/proc/nothing"}, None, "OUT_DIR", "set OUT_DIR"),
    "unmounted": ({"PLAYLIST_TRACKS_DIR": "/Volumes/None/x"}, None, "PLAYLIST_TR", "Mount"),
    "full disk": ({}, a_long_track, "Free space", "--limit"),
    "Prefect is away": ({"PREFECT_API_URL": f"{NOWHERE}/api"}, None, "Prefect", "prefect server"),
    "wrong setting": ({"AUDIO_BIT_DEPTH": "20"}, None, "AUDIO_BIT_DEPTH", "16 or 24"),
}
ODDITIES = {
    "path is date": (
        {},
        properties({"WAV File Path": {"date": {}}}),
        "Property WAV File Path",
        "rich_text",
    ),
    "no lock property": ({}, properties({"Processing Lock": None}), "Property Proc", "rich_text"),
    "no status": ({}, properties({"Audio Processing Status": None}), "Property Audio", "setup"),
    "no write is answered": ({}, writes_fail, "Capabilities", "Run doctor again"),
    "stale lock": ({}, a_lock(timedelta(hours=3)), "Locks", "library-sync cleanup"),
    "other rhythm": ({}, a_lock(timedelta(minutes=20)), "Locks", "PROCESS_LOCK_TIMEOUT_MINUTES"),
    "any library": ({"EAGLE_LIBRARY_PATH": ""}, None, "Eagle library", "EAGLE_LIBRARY_PATH="),
    "map's share is away": ({"EAGLE_PATH_MAP": "/nowhere=/x"}, None, "EAGLE_PATH_MAP", "Mount"),
    "open .env": ({}, env_file("OUT_DIR=x\n", 0o644), ".env", "chmod 600"),
    "old name in .env": ({}, env_file("DATABASE_ID=x\n"), ".env", "to TRACKS_DB_ID"),
    "typo in .env": ({}, env_file("TRACK_DB_ID=x\n"), ".env", "TRACKS_DB_ID"),
}


def found(checks, name, level):
    """The first check of that name and level."""
    return next(c for c in checks if c["check"].startswith(name) and c["level"] == level)


def test_a_healthy_sandbox_is_ready(examined, capsys):
    """Exit 0, no failure, every property looked at."""
    code, checks = examined()
    assert code == 0
    assert [c for c in checks if c["level"] != "ok"] == []
    assert {"Notion token", "Eagle", "Eagle's files", "SoundCloud", "yt-dlp", "Free space"} <= {
        c["check"] for c in checks
    }
    assert "Ready to sync." in capsys.readouterr().out


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named_with_its_remedy(defect, examined, capsys):
    """Exit 1; the check that fails is the one meant; all others still look."""
    changes, prepare, name, remedy = DEFECTS[defect]
    if defect == "full disk":  # a warning where the rows' least still fits
        code, checks = examined(changes, prepare)
        assert remedy in found(checks, name, "warn")["remedy"]
        return
    code, checks = examined(changes, prepare)
    assert code == 1
    assert remedy in found(checks, name, "fail")["remedy"]
    assert found(checks, "LIBRARY_SYNC_STATE", "ok")
    assert "secret-wrong" not in capsys.readouterr().out


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_oddity_is_a_warning(oddity, examined):
    """Exit 0, and the remedy is shown."""
    changes, prepare, name, remedy = ODDITIES[oddity]
    code, checks = examined(changes, prepare)
    assert code == 0
    warned = [c["remedy"] for c in checks if c["check"].startswith(name) and c["level"] == "warn"]
    assert any(remedy in said for said in warned), warned


def test_many_defects_at_once_are_all_named(examined):
    """One broken thing hides no other."""
    changes = {
        "EAGLE_API_BASE": NOWHERE, "SC_PROXY": NOWHERE, "OUT_DIR": "/proc/nothing",
        "PREFECT_API_URL": NOWHERE, "SC_MAX_CONCURRENCY": "none",
    }  # fmt: skip
    code, checks = examined(changes, properties({"DL": None, "SoundCloud URL": None}))
    failed = [c["check"] for c in checks if c["level"] == "fail"]
    assert code == 1
    assert sorted(failed) == sorted(
        ["SC_MAX_CONCURRENCY", "Property", "Property", "Eagle", "SoundCloud", "OUT_DIR", "Prefect"]
    )


def test_an_old_ytdlp_is_told_by_its_date():
    """Sixty days are the limit; a version that is no date says nothing."""
    today = date(2026, 11, 24)
    assert judge_ytdlp(release_of("2026.10.26", today)).level is Level.OK
    assert "library-sync update" in judge_ytdlp(release_of("2026.08.01.123", today)).remedy
    assert judge_ytdlp(release_of("from source", today)).level is Level.OK


def test_the_disk_is_judged_by_the_rows_waiting():
    """160 MB for a track of unknown length, 50 MB at least."""
    rows = [Track(page_id="1"), Track(page_id="2", duration_seconds=30.0)]
    assert bytes_needed(rows) == (100_000_000, 210_000_000)
    levels = [judge_space(free, rows, Path("/x")).level for free in (99, 150e6, 300e6)]
    assert levels == [Level.FAIL, Level.WARN, Level.OK]


def test_the_clock_and_the_locks():
    """Half a minute off is nothing; a lock that was renewed in time neither."""
    assert judge_clock(timedelta(seconds=20)).level is Level.OK
    assert "ahead" in judge_clock(timedelta(minutes=-9)).said
    now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    fresh = f"1:Mac:uuid:{(now - timedelta(minutes=9)).isoformat()}"
    assert judge_locks([(fresh, "")], now, 30).level is Level.OK
    assert "Mac" in judge_locks([(fresh, "")], now, 15).said


@pytest.mark.parametrize("width", [20, 50, 80, 200])
def test_the_table_fits_the_window(width):
    """No line is longer than the window; in the narrow one everything is there, a path as well."""
    path = "/Volumes/" + "Music-" * 30
    findings = [ok("Notion token", "accepted"), fail("Eagle", "It does " + "not " * 40, path)]
    console = Console(width=width)
    with console.capture() as shown:
        console.print(table(findings))
    assert max(map(len, shown.get().splitlines())) <= width
    assert shown.get().count("not") == 40
    assert path in "".join(shown.get().split())
