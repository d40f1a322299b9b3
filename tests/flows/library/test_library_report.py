"""status: its numbers are the sandbox's own, in text, as JSON, as a page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.__main__ import main
from flows.library.counts import RowState, count_rows, missing_files, state_of
from flows.settings import VARIABLES
from sandbox.summary import summary_of
from tasks.locks.standing import OwnLocks
from tasks.tracks import Track


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of this machine's reaches a test."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def demo(sandbox_factory, monkeypatch):
    """The demo's world, with three errors and a live lock put in by hand."""
    sandbox = sandbox_factory()
    world = sandbox.world
    for row in world.rows[:4]:
        world.update_row(row.page_id, {"Audio Processing Status": ["SC_404", "My own note"]})
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    world.update_row(world.rows[5].page_id, {"Processing Lock": f"1:Mac:abc:{since}"})
    gone = f"{sandbox.environment['OUT_DIR']}/House/gone.wav"
    Path(sandbox.environment["OUT_DIR"]).mkdir(parents=True, exist_ok=True)
    world.update_row(world.rows[6].page_id, {"WAV File Path": gone})
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    return sandbox


def test_the_numbers_are_the_sandboxs_own(demo, tmp_path):
    """Rows, states, errors, locks: counted twice, by two programs."""
    assert main(["status", "--json", "status.json"]) == 0
    report = json.loads(Path("status.json").read_text())
    notion = summary_of(demo)["notion"]
    rows = demo.world.values_of_all()
    assert report["total_tracks"] == notion["rows"]["all"] == sum(report["states"].values())
    assert report["downloaded"] == notion["rows"]["done"]
    assert report["with_eagle_id"] == notion["rows"]["with_eagle_id"]
    assert report["with_file_paths"] == notion["rows"]["with_paths"]
    assert report["errors"] == {"SC_404": notion["statuses"]["SC_404"]} == {"SC_404": 4}
    assert len(report["error_examples"]["SC_404"]) == 3
    assert all(e["page_url"].startswith("http") for e in report["error_examples"]["SC_404"])
    assert {lock["text"] for lock in report["locks"]} == {x["lock"] for x in notion["locks"]}
    assert (report["currently_locked"], report["stale_locks"]) == (1, 1)
    assert report["waiting"]["missing_eagle"] == report["states"]["downloaded, no Eagle id"]
    assert report["waiting"]["unprocessed"] == sum(
        not row["DL"] and not row["WAV File Path"] for row in rows
    )
    assert report["missing_files"]["rows"] == 1


@pytest.mark.parametrize("columns", [30, 60, 120])
def test_it_is_readable_in_a_narrow_window(demo, columns, monkeypatch, capsys):
    """No line is wider than the window, except an address, which cannot be cut."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "process 4711 on Old-MacBook.local" in " ".join(shown.split())
    assert all(len(line) <= max(columns, 37) for line in shown.splitlines())


def test_the_page_holds_the_numbers(demo):
    """One file, charts inside, no address fetched."""
    assert main(["status", "--html", "status.html"]) == 0
    text = Path("status.html").read_text()
    assert text.count("<svg") >= 3
    assert "<script" not in text
    assert 'aria-label="SC_404 4"' in text


def test_status_asks_once_per_hundred_rows(demo):
    """Two requests for the schema, one for the rows, one for the playlists' names."""
    before = len(demo.ledger.entries(event="request", service="notion"))
    main(["status"])
    assert len(demo.ledger.entries(event="request", service="notion")) - before == 4


def test_a_row_is_in_one_state():
    """The first that fits; a text status is read up to its colon."""
    failed = Track(page_id="1", soundcloud_url="x", statuses=("SC_DRM: protected",))
    assert state_of(failed) is RowState.FAILED
    assert state_of(Track(page_id="1", downloaded=True)) is RowState.NO_EAGLE_ID
    assert state_of(Track(page_id="1", spotify_url="x")) is RowState.NO_SOURCE
    assert state_of(Track(page_id="1", is_duplicate=True, downloaded=True)) is RowState.DUPLICATE
    counted = count_rows([failed], datetime.now(UTC), timedelta(minutes=30), OwnLocks())
    assert counted.errors == {"SC_DRM": 1}


def test_files_are_looked_for_on_this_machine_alone(tmp_path):
    """Another machine's paths say nothing here, nor do those of a disk that is not mounted."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "a.wav").touch()
    rows = [
        Track(page_id="1", title="There", wav_path=str(here / "a.wav")),
        Track(page_id="2", title="Gone", aiff_path=str(here / "b.aiff")),
        Track(page_id="3", title="Elsewhere", wav_path="/Users/other/c.wav"),
        Track(page_id="4", title="Unmounted", wav_path="/Volumes/None/d.wav"),
    ]
    found = missing_files(rows, [here, Path("/Volumes/None")])
    assert (found.rows, list(found.examples), list(found.absent)) == (
        1, ["Gone"], ["/Volumes/None"],
    )  # fmt: skip


def test_a_folder_that_moved_is_told_with_its_number(tmp_path):
    """The rows' paths lead nowhere, their files lie in the folder as it is set now."""
    file = tmp_path / "new" / "Dawn" / "Nova - Glass.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    rows = [
        Track(page_id="1", wav_path="/old/Dawn/Nova - Glass.wav"),
        Track(page_id="2", wav_path="/old/Dawn/Nova - Tide.wav"),
        Track(page_id="3", wav_path=str(file)),
    ]
    found = missing_files(rows, [tmp_path / "new"])
    assert (found.moved, found.rows) == (1, 0)
