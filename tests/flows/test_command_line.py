"""The command line: what it takes, what it refuses, and how it says so."""

from __future__ import annotations

import json

import pytest

from flows.__main__ import main
from flows.command_line import parser as cli
from flows.settings import VARIABLES
from tasks.tracks import TrackFilter


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIBRARY_SYNC_STATE", str(tmp_path / "state"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--mode library-sync", {"command": "sync", "track_filter": TrackFilter.UNPROCESSED}),
        ("--mode library-sync --limit 50", {"limit": 50}),
        ("--mode library-sync --limit 0", {"limit": None}),
        ("--mode library-sync --parallel --workers 8", {"parallel": True, "workers": 8}),
        ("--mode=library-sync --filter missing_eagle", {"track_filter": TrackFilter.MISSING_EAGLE}),
        ("--filter all --mode library-sync --no-cleanup", {"no_cleanup": True}),
        ("--debug --mode batch --limit 10", {"command": "batch", "debug": True}),
        ("--mode status", {"command": "status"}),
        ("--mode cleanup", {"command": "cleanup"}),
        ("sync --dry-run --json out.json", {"command": "sync", "dry_run": True}),
    ],
)
def test_mode_flags_and_sub_commands(words, expected):
    """Both ways to say it mean the same."""
    given = vars(cli.parse(words.split()))
    assert {name: given[name] for name in expected} == expected


@pytest.mark.parametrize(
    "words",
    ["", "--mode everything", "sync --limit -1", "sync --workers 0", "sync --filter some", "nope"],
)
def test_a_wrong_command_line_ends_with_64(words, capsys):
    """The message names the option and where to read on."""
    with pytest.raises(SystemExit) as ended:
        cli.parse(words.split())
    assert ended.value.code == 64
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        "sync",
        "batch",
        "add",
        "status",
        "cleanup",
        "setup",
        "doctor",
        "completion",
        "undo",
        "sandbox",
    ],
)
def test_every_help_has_examples(command, capsys):
    """`--help` ends with 0 and shows how it is used."""
    with pytest.raises(SystemExit) as ended:
        cli.parse([command, "--help"])
    assert ended.value.code == 0
    assert "examples:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "NOTION_TOKEN is not set"),
        ({"NOTION_TOKEN": "x"}, "TRACKS_DB_ID is not set"),
        ({"NOTION_TOKEN": "x", "TRACKS_DB_ID": "nonsense"}, "TRACKS_DB_ID is no Notion database"),
        ({"PROCESS_LOCK_TIMEOUT_MINUTES": "4"}, "at least 5"),
        ({"AUDIO_BIT_DEPTH": "20"}, "must be 16 or 24"),
        ({"SC_TLS_VERIFY": "maybe"}, "SC_TLS_VERIFY must be 1 or 0"),
    ],
)
def test_settings_that_cannot_work_end_with_78(environment, said, monkeypatch, capsys):
    """One sentence, the remedy, no traceback."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["sync"]) == 78
    said_at_all = capsys.readouterr().err
    assert said in said_at_all
    assert "Traceback" not in said_at_all


def _use(sandbox, monkeypatch, **changes):
    for name, value in (sandbox.environment | changes).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"NOTION_TOKEN": "secret-wrong"}, "does not accept NOTION_TOKEN"),
        ({"TRACKS_DB_ID": "12345678-1234-4234-8234-123456789abc"}, "finds no database"),
        ({"EAGLE_API_BASE": "http://127.0.0.1:1"}, "Eagle does not answer"),
        ({"EAGLE_LIBRARY_PATH": "/nowhere/Other.library"}, "EAGLE_LIBRARY_PATH names"),
        ({"OUT_DIR": "/proc/nothing"}, "cannot be written"),
        ({"OUT_DIR": "/Volumes/Unmounted/out"}, "is not mounted"),
    ],
)
def test_a_world_that_cannot_work_ends_with_78(
    changes, said, sandbox_factory, named_server, monkeypatch, capsys
):
    """Nothing is changed before everything that can be wrong was looked at."""
    sandbox = sandbox_factory(tracks=1)
    _use(sandbox, monkeypatch, **changes)
    named_server()
    assert main(["sync"]) == 78
    written = capsys.readouterr().err
    assert said in written
    assert "secret-wrong" not in written
    assert sandbox.ledger.entries(event="commit") == []


def test_status_counts_what_the_sandbox_holds(sandbox_factory, monkeypatch, tmp_path, capsys):
    """`status --json` needs no Prefect server, and its numbers are Notion's."""
    sandbox = sandbox_factory(tracks=4)
    _use(sandbox, monkeypatch)
    assert main(["status", "--json", "status.json"]) == 0
    report = json.loads((tmp_path / "status.json").read_text())
    assert report["total_tracks"] == report["needs_processing"] == 4
    assert report["currently_locked"] == 0
    assert "total tracks" in capsys.readouterr().out
