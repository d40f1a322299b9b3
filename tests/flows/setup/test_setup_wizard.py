"""setup: asks, writes .env, completes the database, and says what only a person can."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import select
import signal
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
from flows.settings import VARIABLES, load_settings, users_file
from flows.setup.dialogue import Dialogue, with_values, write_env_file
from flows.setup.wizard import set_up


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
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
            line = next(line for line in said if "Music Tracks (1 row, with a Sound" in line)
            return line.split(".")[0]
        return "/tmp/copies" if question.startswith("Folder") else ""

    dialogue = Dialogue(True, False, ask, lambda _: next(secrets), said.append)
    assert asyncio.run(set_up(dialogue)) == []
    assert {name: dotenv_values(users_file())[name] for name in names} == {
        "NOTION_TOKEN": sandbox.environment["NOTION_TOKEN"],
        "TRACKS_DB_ID": sandbox.environment["TRACKS_DB_ID"],
        "EAGLE_LIBRARY_PATH": sandbox.environment["EAGLE_LIBRARY_PATH"],
        "PLAYLIST_TRACKS_DIR": "/tmp/copies",
    }
    assert any("does not accept" in line for line in said)
    assert sandbox.environment["NOTION_TOKEN"] not in "\n".join(said + asked)


def setup_on_a_terminal(given: dict[str, str], folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """`setup` on a pseudo terminal, and our end of it."""
    unrelated = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "NOTION"))}
    environment = {**unrelated, **given, "PYTHONPATH": str(Path(__file__).parents[3])}
    main_end, far_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", "setup"],
        stdin=far_end, stdout=far_end, stderr=far_end, cwd=folder, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(far_end)
    return process, main_end


def test_the_token_is_not_shown_on_a_real_terminal(sandbox_factory, tmp_path):
    """Typed into a pseudo terminal, it appears nowhere on it."""
    sandbox = sandbox_factory(tracks=1)
    token = sandbox.environment["NOTION_TOKEN"]
    given = {name: value for name, value in sandbox.environment.items() if name != "NOTION_TOKEN"}
    process, main_end = setup_on_a_terminal(given, tmp_path)
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
        if shown.endswith((b"[y/N] ", b"to change: ")):
            os.write(main_end, b"\n")
            shown += b"\n"
        if b"Create it? [Y/n]" in shown and shown.endswith(b"[Y/n] "):
            os.write(main_end, b"n\n")
            shown += b"\n"
    code = process.wait(timeout=120)
    assert token.encode() not in shown
    assert b"Ready to sync" in shown
    assert code == 0
    assert dotenv_values(users_file())["NOTION_TOKEN"] == token


class Answers:
    """A user who answers the questions that begin so, and Enter to all others."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.said: list[str] = []
        self.asked: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        for part, answer in self.answers.items():
            if part.replace("_", " ") in question:
                return next(answer) if hasattr(answer, "__next__") else answer
        return ""

    def set_up(self) -> list[str]:
        dialogue = Dialogue(True, False, self.ask, self.ask, self.said.append)
        return asyncio.run(set_up(dialogue))


def test_settings_are_found_from_any_folder(sandbox_factory, monkeypatch, tmp_path):
    """What setup keeps is read in another folder; a `.env` there wins; a message names both."""
    sandbox = sandbox_factory(tracks=1)
    use(sandbox, monkeypatch, without=["PLAYLIST_TRACKS_DIR"])
    assert Answers(Folder="/music/copies").set_up() == []
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert str(load_settings().playlist_tracks_dir) == "/music/copies"
    Path(".env").write_text("PLAYLIST_TRACKS_DIR=/here\n")
    assert str(load_settings().playlist_tracks_dir) == "/here"


def test_a_missing_setting_is_said_with_the_places(monkeypatch, tmp_path, capsys):
    """Where it was looked for, and which command asks for it."""
    assert main(["status"]) == 78
    said = capsys.readouterr().err
    for part in (tmp_path / ".env", tmp_path / "config", "`library-sync setup`"):
        assert str(part) in said


def test_setup_again_shows_what_is_set_and_changes_what_is_asked(sandbox_factory, monkeypatch):
    """Enter keeps all; a number asks for that one again; the environment's cannot be changed."""
    sandbox = sandbox_factory(tracks=1)
    use(sandbox, monkeypatch, without=["PLAYLIST_TRACKS_DIR", "EAGLE_LIBRARY_PATH"])
    Answers(Folder="/music/copies").set_up()
    second = Answers(Keep_all=iter(["4", "9", "1", ""]), Folder="/music/other")
    second.set_up()
    said = "\n".join(second.said)
    assert "4. PLAYLIST_TRACKS_DIR: /music/copies" in said
    assert "1. NOTION_TOKEN: set (not shown), by the environment" in said
    assert "There is no 9 in the list: 1 to 4" in said
    assert "NOTION_TOKEN is set by the environment, which wins" in said
    assert sandbox.environment["NOTION_TOKEN"] not in said
    assert str(load_settings().playlist_tracks_dir) == "/music/other"


def test_a_database_that_is_no_tracks_is_asked_for_twice(sandbox_factory, monkeypatch):
    """A wrong number is said; Enter takes nothing and creates nothing in the playlists."""
    sandbox = sandbox_factory(tracks=1)
    use(sandbox, monkeypatch, without=["TRACKS_DB_ID"])
    commits = len(sandbox.ledger.entries(event="commit"))
    user = Answers(Its_number=iter(["7", "2", "2"]), Take_it=iter(["", "y"]))
    assert user.set_up() == []
    said = "\n".join(user.said)
    assert "1. Music Tracks (1 row, with a SoundCloud URL)" in said
    assert "2. Playlists (" in said
    assert "There is no 7 in the list: 1 to 2." in said
    assert any("'Playlists' has no" in q and q.endswith("[y/N] ") for q in user.asked)
    assert len(sandbox.ledger.entries(event="commit")) == commits


@pytest.mark.parametrize(("answer", "runs"), [("y", 1), ("", 0)])
def test_every_night_is_one_question(answer, runs, sandbox_factory, monkeypatch, tmp_path):
    """Yes starts `serve --install`, which shows what it installs; how to undo it is said."""
    sandbox = sandbox_factory(tracks=1)
    use(sandbox, monkeypatch)
    started = tmp_path / "started"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> {started}\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    user = Answers(Run_every_night=answer)
    assert user.set_up() == []
    assert [q for q in user.asked if "every night" in q] == ["Run every night at 3:00? [y/N] "]
    lines = started.read_text().splitlines() if started.exists() else []
    assert lines == ["-m flows serve --install --nightly 03:00"] * runs
    assert any("library-sync serve --uninstall" in line for line in user.said) == bool(runs)


@pytest.mark.parametrize(("answer", "said"), [("y", ""), ("n", "Which one? Its number, 1 to ")])
def test_yes_and_no_are_understood_where_a_number_is_asked_for(
    answer, said, sandbox_factory, monkeypatch
):
    """Setup again: `y` keeps all, `n` is asked which."""
    use(sandbox_factory(tracks=1), monkeypatch)
    user = Answers(Keep_all=iter([answer, ""]))
    assert user.set_up() == []
    assert said in "\n".join(user.said)
    assert "There is no" not in "\n".join(user.said)


def test_a_workspace_where_nothing_is_shared_yet(sandbox_factory, monkeypatch):
    """It says so, looks again at Enter, and takes a title as well as a number."""
    sandbox = sandbox_factory(empty=True)
    use(sandbox, monkeypatch, without=["TRACKS_DB_ID", "PLAYLISTS_DB_ID"])
    user = Answers()

    def ask(question):
        user.asked.append(question)
        if not question.startswith("Its number"):
            return ""
        times = sum(asked.startswith("Its number") for asked in user.asked)
        if times == 2:
            make_database(sandbox, "My Tracks")
        return ("1", "", "my tracks")[times - 1]

    user.ask = ask
    assert user.set_up() == []
    said = "\n".join(user.said)
    assert "None is shared with the integration yet." in said
    assert "There is no 1 in the list.\n" in said
    assert "1. My Tracks (0 rows, with a SoundCloud URL)" in said


def make_database(sandbox, title):
    environment = sandbox.environment
    client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
    properties = {"Title": {"title": {}}, "SoundCloud URL": {"url": {}}, "DL": {"checkbox": {}}}
    client.request(
        "databases",
        "POST",
        body={
            "parent": {"type": "page_id", "page_id": "00000000-0000-4000-8000-000000000001"},
            "title": [{"type": "text", "text": {"content": title}}],
            "initial_data_source": {"properties": properties},
        },
    )


def test_without_a_token_nothing_more_is_asked(sandbox_factory, monkeypatch):
    """Three tries; what is empty is said; Eagle and folders wait for the next setup."""
    use(sandbox_factory(tracks=1), monkeypatch, without=["NOTION_TOKEN", "PLAYLIST_TRACKS_DIR"])
    user = Answers(not_shown=iter(["", "wrong", "wrong"]))
    assert user.set_up() == ["NOTION_TOKEN"]
    assert user.said[-3:] == [
        "   Nothing was entered.",
        *["   Notion does not accept that token."] * 2,
    ]
    assert not [question for question in user.asked if "Folder" in question]


def test_a_database_that_cannot_be_synced_is_not_offered_every_night(sandbox_factory, monkeypatch):
    """Its owner said no to the address and the tick."""
    sandbox = sandbox_factory(tracks=1)
    use(sandbox, monkeypatch)
    drop(sandbox, "DL")
    user = Answers(Create_it="n", Create_them="n", Run_every_night="y")
    assert user.set_up() == []
    assert not [question for question in user.asked if "every night" in question]


def waits_for_a_key(pid: int) -> bool:
    """Python forgets a signal that comes between the printed question and the reading of its
    answer until a key is pressed; no person is so quick. True elsewhere than on Linux.
    """
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "S"


def test_one_ctrl_c_ends_a_question(sandbox_factory, tmp_path):
    """At the first one, with 130, and it says that the answers are kept."""
    process, main_end = setup_on_a_terminal(sandbox_factory(tracks=1).environment, tmp_path)
    shown, is_stopped = b"", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([main_end], [], [], 0.2)[0]:
            try:
                shown += os.read(main_end, 4096)
            except OSError:
                break
        if shown.endswith(b"to change: ") and not is_stopped and waits_for_a_key(process.pid):
            process.send_signal(signal.SIGINT)
            is_stopped = True
    assert process.wait(timeout=120) == 130
    assert b"What was answered is kept." in shown
