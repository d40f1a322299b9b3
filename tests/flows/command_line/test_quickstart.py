"""docs/quickstart.md tried command by command; the other pages name things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.command_line import application
from flows.settings import VARIABLES
from flows.summary import ReturnCode
from tasks.errors import ErrorType

DOCS = Path(__file__).parents[3] / "docs"
PAGES = [DOCS / name for name in ("quickstart.md", "troubleshooting.md", "migration.md")]
PLACEHOLDER = "https://soundcloud.com/artist/sets/name"


def commands() -> list[list[str]]:
    """The words of every command in the quick start, in order."""
    text = PAGES[0].read_text("utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ library-sync ").split() for line in lines]


def test_the_quick_start_as_written(
    sandbox_factory, named_server, a_machine_alone, monkeypatch, tmp_path
):
    """Each command ends with 0 in the given order; at the end every track is in the library."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)
    sandbox = sandbox_factory(tracks=4)
    catalogue = sandbox.soundcloud.catalogue
    new = catalogue.add_track("Afterwards", "New", seconds=5)
    playlist = catalogue.add_set("Set", "New", [new, *catalogue.tracks[:1]])
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NOTION_REQUESTS_PER_MINUTE", "100000")

    ran = []
    for words in commands():
        if words == ["setup"]:  # its questions have a test of their own
            words.append("--yes")
        if words[0] == "sync":
            named_server()
        given = [playlist if word == PLACEHOLDER else word for word in words]
        assert main([*given, "--quiet"]) == ReturnCode.PROCESSED, words
        ran.append(words[0])
    assert ran == ["setup", "doctor", "sync", "sync", "sync", "add", "status", "status"]
    rows = sandbox.world.values_of_all()
    assert [row["DL"] for row in rows] == [True] * 5
    assert "<svg" in (tmp_path / "status.html").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_pages_exist(page):
    """Every `library-sync …` in code is a command line that is understood."""
    text = page.read_text("utf-8").replace("library-sync undo RUN", "library-sync undo")
    known = "sync|batch|add|status|cleanup|setup|doctor|undo"
    found = re.findall(rf"library-sync ((?:{known})[^`\n|]*)", text)
    assert found
    for words in found:
        application.parse(words.split() + (["x"] if words.strip() == "add" else []))


def test_troubleshooting_knows_every_error_a_row_may_show():
    """Metadata and unknown errors have their sentence in the log."""
    text = PAGES[1].read_text("utf-8")
    told_by_the_log = {ErrorType.METADATA_FAILED, ErrorType.UNKNOWN_ERROR}
    assert [e for e in ErrorType if f"`{e}`" not in text] == [
        e for e in ErrorType if e in told_by_the_log
    ]


def test_the_variables_on_the_pages_exist():
    """A `SETTING=` in the text is one of ours."""
    known = {variable.name for variable in VARIABLES} | set(ErrorType)
    for page in PAGES[:2]:
        named = set(re.findall(r"`([A-Z][A-Z_]{4,})[=`]", page.read_text("utf-8")))
        assert {name for name in named if not name.startswith("LIBRARY_SYNC_")} <= known
