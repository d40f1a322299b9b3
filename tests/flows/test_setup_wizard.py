"""setup: asks, writes .env, completes the database, and says what only a person can."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import select
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from notion_client import Client

from flows.__main__ import main
from flows.settings import VARIABLES
from flows.setup.env_file import with_values, write_env_file
from flows.setup.wizard import Dialogue, set_up


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def use(sandbox, monkeypatch, *, without=()):
    for name, value in sandbox.environment.items():
        if name not in without:
            monkeypatch.setenv(name, value)


def drop(sandbox, *names):
    """Take properties out of the tracks database."""
    environment = sandbox.environment
    client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
    client.request(
        f"data_sources/{sandbox.world.tracks_source}",
        "PATCH",
        body={"properties": dict.fromkeys(names)},
    )


def test_other_lines_stay():
    """Comments, foreign names and order are the user's; the last of two lines counts."""
    text = "# mine\nA=1\nexport NOTION_TOKEN=old\nOTHER='x y'\nNOTION_TOKEN = older\n"
    assert with_values(text, {"NOTION_TOKEN": "new", "OUT_DIR": "/a b"}) == (
        "# mine\nA=1\nexport NOTION_TOKEN=old\nOTHER='x y'\nNOTION_TOKEN=new\nOUT_DIR='/a b'\n"
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_any_value_is_read_back(value):
    """What is written is what python-dotenv reads."""
    text = with_values("", {"X": value})
    assert dotenv_values(stream=io.StringIO(text), interpolate=False)["X"] == value


def test_the_file_is_its_owners_alone(tmp_path):
    """Mode 0600, also where it was wider."""
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o644)
    write_env_file(path, {"NOTION_TOKEN": "secret"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "A=1\nNOTION_TOKEN=secret\n"


def test_without_a_terminal_it_says_what_is_missing(capsys, monkeypatch):
    """Exit 78, nothing written."""
    monkeypatch.setenv("EAGLE_API_BASE", "off")
    assert main(["setup"]) == 78
    assert "NOTION_TOKEN; TRACKS_DB_ID" in capsys.readouterr().err
    assert not Path(".env").exists()


def test_missing_properties_need_an_answer(sandbox_factory, monkeypatch, capsys):
    """Without a terminal nothing is created unasked."""
    sandbox = sandbox_factory(tracks=1)
    drop(sandbox, "Processing Lock", "Eagle File ID")
    use(sandbox, monkeypatch)
    commits = len(sandbox.ledger.entries(event="commit"))
    assert main(["setup"]) == 78
    assert "Processing Lock" in capsys.readouterr().err
    assert len(sandbox.ledger.entries(event="commit")) == commits


def test_yes_completes_the_database_and_checks_it(sandbox_factory, monkeypatch, capsys):
    """The properties are there afterwards, the library is pinned, doctor finds all well."""
    sandbox = sandbox_factory(tracks=1)
    drop(sandbox, "Processing Lock", "Eagle File ID", "DL")
    use(sandbox, monkeypatch, without=["EAGLE_LIBRARY_PATH"])
    assert main(["setup", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "Eagle File ID, Eagle AIFF ID, Processing Lock" in said
    assert "Ready to sync." in said
    assert dotenv_values(".env") == {
        "EAGLE_LIBRARY_PATH": sandbox.environment["EAGLE_LIBRARY_PATH"]
    }
    assert main(["setup", "--yes"]) == 0
    assert "Created" not in capsys.readouterr().out


def test_the_questions_and_their_answers(sandbox_factory, monkeypatch):
    """A wrong token is asked for again; the database is chosen from those that are shared."""
    sandbox = sandbox_factory(tracks=1)
    names = ["NOTION_TOKEN", "TRACKS_DB_ID", "EAGLE_LIBRARY_PATH", "PLAYLIST_TRACKS_DIR"]
    use(sandbox, monkeypatch, without=names)
    said: list[str] = []
    secrets = iter(["wrong", sandbox.environment["NOTION_TOKEN"]])
    asked: list[str] = []

    def ask(question):
        asked.append(question)
        if question.startswith("Its number"):
            line = next(line for line in said if line.endswith("Music Tracks"))
            return line.split(".")[0]
        return "/tmp/copies" if question.startswith("Folder") else ""

    dialogue = Dialogue(True, False, ask, lambda _: next(secrets), said.append)
    assert asyncio.run(set_up(dialogue)) == []
    assert {name: dotenv_values(".env")[name] for name in names} == {
        "NOTION_TOKEN": sandbox.environment["NOTION_TOKEN"],
        "TRACKS_DB_ID": sandbox.environment["TRACKS_DB_ID"],
        "EAGLE_LIBRARY_PATH": sandbox.environment["EAGLE_LIBRARY_PATH"],
        "PLAYLIST_TRACKS_DIR": "/tmp/copies",
    }
    assert any("does not accept" in line for line in said)
    assert sandbox.environment["NOTION_TOKEN"] not in "\n".join(said + asked)


def test_the_token_is_not_shown_on_a_real_terminal(sandbox_factory, tmp_path):
    """Typed into a pseudo terminal, it appears nowhere on it."""
    sandbox = sandbox_factory(tracks=1)
    token = sandbox.environment["NOTION_TOKEN"]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PREFECT")},
        **sandbox.environment,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    del environment["NOTION_TOKEN"]
    main_end, far_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "setup"],
        stdin=far_end, stdout=far_end, stderr=far_end, cwd=tmp_path, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(far_end)
    shown, deadline, typed = b"", time.monotonic() + 60, False
    while time.monotonic() < deadline:
        if select.select([main_end], [], [], 0.2)[0]:
            try:
                shown += os.read(main_end, 4096)
            except OSError:
                break
        if b"(not shown)" in shown and not typed:
            os.write(main_end, token.encode() + b"\n")
            typed = True
        if b"Create them? [Y/n]" in shown and shown.endswith(b"[Y/n] "):
            os.write(main_end, b"n\n")
            shown += b"\n"
    code = process.wait(timeout=30)
    assert token.encode() not in shown
    assert b"Ready to sync" in shown
    assert code == 0
    assert dotenv_values(tmp_path / ".env")["NOTION_TOKEN"] == token
