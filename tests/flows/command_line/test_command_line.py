"""The command line: what it takes, what it refuses, and how it says so."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.command_line import application
from flows.command_line.old_flags import ALL_TRACKS
from flows.settings import VARIABLES
from tasks.errors import ErrorType
from tasks.tracks import TrackFilter


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIBRARY_SYNC_STATE", str(tmp_path / "state"))


def options_of(words: str) -> dict:
    """What the command line gives to its command, by name."""
    options = dict(application.parse(words.split()).options)
    for group in ("options", "verbosity"):
        given = options.pop(group, None)
        options |= vars(given) if given else {}
    return options


@pytest.mark.parametrize(
    ("words", "command", "expected"),
    [
        ("--mode library-sync", "sync", {}),
        ("--mode library-sync --limit 50", "sync", {"limit": 50}),
        ("--mode library-sync --parallel --workers 8", "sync", {"parallel": True, "workers": 8}),
        ("--mode=library-sync --filter missing_eagle", "sync", {"filter": "missing_eagle"}),
        ("--filter all --mode library-sync --no-cleanup", "sync", {"no_cleanup": True}),
        ("--debug --mode batch --limit 10", "batch", {"debug": True, "limit": 10}),
        ("--mode status", "status", {}),
        ("--mode cleanup", "cleanup", {}),
        ("sync --dry-run --json out.json", "sync", {"dry_run": True, "json": Path("out.json")}),
        ("sync --retry-failed --error SC_404", "sync", {"error": ErrorType.SC_404}),
    ],
)
def test_the_old_flags_and_the_sub_commands(words, command, expected):
    """Both ways to say it mean the same."""
    assert application.parse(words.split()).command == command
    given = options_of(words)
    assert {name: given[name] for name in expected} == expected


def test_a_limit_of_0_means_all_behind_mode_only(capsys):
    """There it says so; elsewhere it is refused with a hint."""
    call = application.parse(["--mode", "library-sync", "--limit", "0", "--parallel"])
    assert call.notes == [ALL_TRACKS]
    assert "options" in call.options
    assert call.options["options"].limit is None
    assert main(["sync", "--limit", "0"]) == 64
    assert "leave --limit out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "A command is missing"),
        ("--mode everything", "must be one of library-sync, batch, status, cleanup"),
        ("--mode single --limit 10", "Use: library-sync sync --limit 10"),
        ("--mode single --no-sort", "Use: library-sync sync --limit 1"),
        ("--mode reprocess", "Use: library-sync sync --filter all"),
        ("--mode library-sync --no-sort", "Leave it out"),
        ("--no-sort", "Leave it out"),
        ("sync --limit -1", "at least 1"),
        ("sync --limit ten", "--limit must be a whole number, not 'ten'"),
        ("sync --workers 0", "from 1 to 64"),
        ("sync --workers 9999", "from 1 to 64"),
        ("sync --workers", "--workers needs a value"),
        ("sync --filter unprocesed", 'Did you mean "unprocessed"?'),
        ("sync --paralel", "Did you mean --parallel?"),
        ("sync --error SC_404", "--error goes with --retry-failed"),
        ("sync now", "now is one word too many"),
        ("snyc", 'Did you mean "sync"?'),
        ("add", "URL is missing"),
        ("--vesion", "Did you mean --version?"),
        ("--filter all", "A command is missing before --filter, for instance: library-sync sync"),
    ],
)
def test_a_wrong_command_line_ends_with_64(words, said, capsys):
    """The message says what is wrong, what may have been meant, and where to read on."""
    assert main(words.split()) == 64
    told = capsys.readouterr().err
    assert said in told
    assert "--help" in told


@pytest.mark.parametrize(
    "words", ["sync --json -", "status --json - --quiet", "add URL --json -", "why --json - URL"]
)
def test_a_lone_dash_is_a_value(words):
    """`-` is standard output, as the help says."""
    assert options_of(words)["json"] == Path("-")


def test_help_is_a_word_too(capsys):
    """`help`, and `help` before a command."""
    assert main(["help"]) == main(["--help"]) == 0
    assert main(["help", "sync"]) == 0
    assert "library-sync sync [OPTIONS]" in capsys.readouterr().out


@pytest.mark.parametrize("command", application.all_commands())
def test_every_help_has_examples_that_are_understood(command, capsys):
    """`--help` ends with 0 and shows how the command is used."""
    assert main([command, "--help"]) == 0
    assert "Examples:" in capsys.readouterr().out
    for words, _ in application.all_commands()[command].examples:
        before_the_shell = shlex.split(words.partition(" >")[0])
        assert application.parse(before_the_shell).command == command


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_help_fits_the_terminal(width, monkeypatch, capsys):
    """It lists the values of a choice and every setting, and no word is cut."""
    monkeypatch.setenv("COLUMNS", str(width))
    said = {}
    for words in ("--help", "sync --help"):
        assert main(words.split()) == 0
        said[words] = capsys.readouterr().out
    for value in (*TrackFilter, *ErrorType):
        assert re.search(rf"\b{value}\b", said["sync --help"])
    for variable in VARIABLES:
        assert re.search(rf"\b{variable.name}\b", said["--help"])
    lines = [line for text in said.values() for line in text.splitlines()]
    assert max(map(len, lines)) <= width


def test_version_is_the_one_of_the_distribution(capsys):
    """`--version` answers with it."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"library-sync {metadata.version('library-sync')}\n"


def test_help_imports_nothing_heavy():
    """Neither Prefect nor pandas nor the reading of settings is imported for `--help`."""
    ask = (
        "import sys\nfrom flows.__main__ import main\nmain(['--help'])\n"
        "print('imported:', {'prefect', 'pandas', 'pydantic', 'yt_dlp', 'av'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.endswith("imported: set()\n")


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
        ({"EAGLE_LIBRARY_PATH": "/nowhere/Other.library"}, "EAGLE_LIBRARY_PATH names"),
        ({"OUT_DIR": "/proc/nothing"}, "cannot be written"),
        ({"OUT_DIR": "/Volumes/Unmounted/out"}, "is not mounted"),
    ],
)
def test_a_world_that_cannot_work_ends_with_78(
    changes, said, sandbox_factory, named_server, monkeypatch, capsys, tmp_path
):
    """Nothing is changed before everything that can be wrong was looked at; programs are told."""
    sandbox = sandbox_factory(tracks=1)
    _use(sandbox, monkeypatch, **changes)
    named_server()
    assert main(["sync", "--json", str(tmp_path / "run.json")]) == 78
    written = capsys.readouterr().err
    assert said in written
    told = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert told["return_code"] == 78
    assert said in told["error"]
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


def test_the_stand_ins_are_served_until_stopped(tmp_path):
    """`library-sync sandbox` prints the environment to use them by, and ends with 0."""
    words = ["-m", "flows", "sandbox", "--port", "0", "--empty", "--state", str(tmp_path / "here")]
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        given = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert given["NOTION_TOKEN"] == "secret-sandbox"
