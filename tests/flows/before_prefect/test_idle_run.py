"""A run that finds nothing to do: told and kept as every run, and over before Prefect is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.before_prefect.beginning import begin
from flows.before_prefect.idle_run import idle_run
from flows.following.memory import ListMemory
from flows.reporting.run_folders import past_runs
from flows.session.opening import SessionOptions, session_options
from sandbox.builders import short_tracks
from tasks.soundcloud.lists import parse_list_address
from tasks.tracks import TrackFilter, TrackStatus
from tests.flows.before_prefect.jobs import job
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, types
from tests.timing import ALONE

ROOT = Path(__file__).parents[3]
COMMAND = """
import sys
from flows.__main__ import main
from flows.before_prefect import idle_run
idle_run._PATIENCE_SECONDS = 60.0  # a busy machine's Notion may take longer than ours
code = main(sys.argv[1:])
assert "prefect" not in sys.modules, "Prefect was imported"
sys.exit(code)
"""


@pytest.fixture
def idle(monkeypatch):
    """`await idle(sandbox, **job)`: what a run with nothing but its head start comes to.

    It waits for the stand-ins for as long as they take: that nothing was found is no answer.
    """
    monkeypatch.setattr("flows.before_prefect.idle_run._PATIENCE_SECONDS", 60.0)

    async def look(sandbox, *, settings=None, **changes):
        given = settings_of(sandbox, **(settings or {}))
        session_options.set(SessionOptions(settings=given, timing=ALONE))
        asked = job(**changes)
        async with begin(asked) as beginning:
            return await idle_run(beginning, asked)

    return look


def quiet(sandbox, tmp_path) -> dict[str, str]:
    """An environment that names no Prefect server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    home = {"PREFECT_HOME": str(tmp_path / "prefect"), "PYTHONPATH": str(ROOT)}
    return kept | sandbox.environment | home


@pytest.mark.parametrize(("command", "mode"), [("sync", "library-sync"), ("batch", "batch")])
def test_the_prompt_is_back_without_prefect(sandbox_factory, tmp_path, command, mode):
    """Given no row, when the command runs, then it says, writes and keeps what every run does."""
    sandbox = sandbox_factory(build=short_tracks(0))
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, command, "--json", "run.json"],
        env=quiet(sandbox, tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    for line in ("Cleared 0 stale locks", "Cached 0 Eagle items", "Found 0 tracks", "COMPLETE"):
        assert line in ended.stderr
    summary = json.loads((tmp_path / "run.json").read_text())
    assert (summary["mode"], summary["return_code"], summary["counts"]["found"]) == (mode, 2, 0)
    (run,) = past_runs(Path(sandbox.environment["LIBRARY_SYNC_STATE"]), 5)
    assert run.is_idle
    assert not (tmp_path / "prefect").exists()


def test_what_stands_before_the_first_request_is_light():
    """Neither Prefect nor yt-dlp nor Eagle's client is imported before Notion is asked."""
    said = (
        "import flows.command_line.sync_run, sys; "
        "print({'prefect', 'yt_dlp', 'aiohttp'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "set()"


async def test_rows_that_wait_are_in_its_summary(idle, sandbox_factory):
    """Given a row without an address, when nothing else is to do, then the run says why."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    database.add(Title="Lost Tape", Artist_Name="Nova")
    summary = await idle(sandbox)
    assert [result.status for result in summary.results] == [TrackStatus.SKIPPED_NO_SOURCE]
    assert (summary.found, summary.return_code) == (1, 2)


async def test_a_bad_address_is_marked_all_the_same(idle, sandbox_factory):
    """Given a row whose address is none, when the run ends early, then the row says so."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    page_id = database.add(Title="Lost Tape", SoundCloud_URL="https://example.com/tape")
    assert await idle(sandbox) is not None
    assert any(
        "Bad_URL" in status for status in database.values(page_id)["Audio Processing Status"]
    )


@pytest.mark.parametrize("in_rounds", [False, True])
async def test_a_row_to_work_on_is_the_flows(idle, sandbox_factory, in_rounds):
    """Given a new row, then the run goes on, and the row is free for the flow."""
    sandbox = sandbox_factory(build=short_tracks(1))
    assert await idle(sandbox, in_rounds=in_rounds) is None
    assert past_runs(Path(sandbox.environment["LIBRARY_SYNC_STATE"]), 5) == []


@pytest.mark.parametrize(
    ("settings", "changes"),
    [({"hook_after_run": "true"}, {}), ({}, {"filter": TrackFilter.ALL})],
    ids=["a hook", "finished rows are looked at"],
)
async def test_what_needs_more_is_the_flows(idle, sandbox_factory, settings, changes):
    sandbox = sandbox_factory(build=short_tracks(0))
    assert await idle(sandbox, settings=settings, **changes) is None


async def test_what_is_followed_is_the_flows(idle, sandbox_factory):
    """Given a list that is followed, then the run goes on: its new tracks are work."""
    sandbox = sandbox_factory(build=short_tracks(0))
    memory = ListMemory(settings_of(sandbox).state_dir)
    remembered = memory.of(parse_list_address("https://soundcloud.com/nova/sets/late"))
    remembered.is_ours = True
    memory.save(remembered)
    assert await idle(sandbox) is None


async def test_a_service_that_is_away_is_the_flows(idle, sandbox_factory, monkeypatch):
    """Given an Eagle that does not answer, then the run goes on, and waits for it as every run."""
    monkeypatch.setattr("flows.before_prefect.idle_run._PATIENCE_SECONDS", 0.5)
    sandbox = sandbox_factory(build=short_tracks(0))
    assert await idle(sandbox, settings={"eagle_api_base": "http://127.0.0.1:9"}) is None
