"""What a run leaves behind: summary, table, log, page; and how long it is kept."""

from __future__ import annotations

import csv
import json
import os
import time
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from flows.library_sync import library_sync
from flows.reporting.files import report_page, spreadsheet_safe, write_report
from flows.reporting.html_page import Link, bars, table
from flows.reporting.run_folders import past_runs, prune_runs
from flows.summary import SyncSummary
from sandbox.builders import build_plain
from tasks.errors import ErrorType
from tasks.tracks import TrackResult, TrackStatus


def folders(sandbox):
    return sorted((Path(sandbox.environment["LIBRARY_SYNC_STATE"]) / "runs").iterdir())


async def test_a_run_leaves_its_report_and_an_idle_one_its_summary(run_flow, sandbox_factory):
    """Four files that agree with the summary; the second run leaves one."""
    sandbox = sandbox_factory(tracks=3)
    summary = await run_flow(library_sync, sandbox)
    (first,) = folders(sandbox)
    assert {f.name for f in first.iterdir()} == {
        "summary.json", "results.csv", "run.log", "report.html",
    }  # fmt: skip
    kept = json.loads((first / "summary.json").read_text())
    assert kept["counts"] == summary.counts
    assert list(pd.read_csv(first / "results.csv")["status"]) == ["processed"] * 3
    log = (first / "run.log").read_text()
    assert "FULL LIBRARY SYNC COMPLETE" in log
    assert log.count("Processing: ") == 3
    assert sandbox.environment["NOTION_TOKEN"] not in log

    await run_flow(library_sync, sandbox)
    second = folders(sandbox)[1]
    assert [f.name for f in second.iterdir()] == ["summary.json"]
    assert [run.return_code for run in past_runs(second.parent.parent, 5)] == [2, 0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\t=", "\r=", "＝", "|", "%"])
def test_no_cell_is_a_formula(start, tmp_path):
    """Whatever a title begins with, a spreadsheet shows it as text."""
    title = f'{start}cmd|"/c calc"!A1'
    result = TrackResult(page_id="1", title=title, artist="-", status=TrackStatus.PROCESSED)
    summary = SyncSummary(mode="batch", track_filter="all", results=(result,))
    assert write_report(tmp_path / "runs" / "x", summary, keep=5)
    with (tmp_path / "runs" / "x" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["title"] == f"'{title}"
    assert row["artist"] == "'-"
    assert row["processing_time_seconds"] == "0.0"


def test_an_ordinary_text_stays():
    """No apostrophe where none is needed."""
    assert spreadsheet_safe("Nina Kraviz - Ghetto Kraviz (+ Bonus)") == (
        "Nina Kraviz - Ghetto Kraviz (+ Bonus)"
    )


class Tags(HTMLParser):
    """Every tag, and every attribute that leads somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in {"href", "src"}]


def test_the_page_runs_nothing_and_fetches_nothing():
    """A title is text, an odd address no link."""
    result = TrackResult(
        page_id="1", title='<script>alert("x")</script>', artist='"><img src=x onerror=y>',
        status=TrackStatus.FAILED, error_type=ErrorType.SC_404, error_message="<b>gone</b>",
        page_url="javascript:alert(1)", source_url="https://soundcloud.com/a/b",
    )  # fmt: skip
    text = report_page("r", SyncSummary(mode="batch", track_filter="all", results=(result,)))
    tags = Tags()
    tags.feed(text)
    assert tags.tags.isdisjoint({"script", "img", "link", "iframe", "b"})
    assert set(tags.addresses) == {"https://soundcloud.com/a/b"}
    assert "&lt;script&gt;" in text


def test_bars_are_drawn_to_the_largest():
    """Names and numbers are in the drawing, and told to those who cannot see it."""
    drawn = bars({"done": 4, "failed": 2}, bad=["failed"])
    assert 'aria-label="done 4, failed 2"' in drawn
    assert drawn.count("<rect") == 2
    assert bars({}) == table(("a",), []) == ""
    assert "<td>x</td>" in table(("a",), [(Link("x", "ftp://y"),)])


def make_run(state, number, *, files=("summary.json",), days=0.0):
    folder = state / "runs" / f"20260101-0000{number:02d}-0badcafe"
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("{}")
        then = time.time() - days * 86400
        os.utime(folder / name, (then, then))
    os.utime(folder, (time.time() - days * 86400,) * 2)
    return folder


def test_only_the_newest_runs_are_kept(tmp_path):
    """But never one that can still be undone, one at work, or one that holds the user's files."""
    undoable = make_run(tmp_path, 1, files=("summary.json", "merges.jsonl"), days=80)
    too_old = make_run(tmp_path, 2, files=("summary.json", "merges.jsonl"), days=100)
    plain = make_run(tmp_path, 3, files=("summary.json", "run.log", "report.html"))
    at_work = make_run(tmp_path, 4, files=("run.log",))
    died = make_run(tmp_path, 5, files=("run.log",), days=2)
    with_notes = make_run(tmp_path, 6, files=("summary.json", "my notes.txt"))
    newest = [make_run(tmp_path, number) for number in (7, 8)]
    other = tmp_path / "runs" / "holiday"
    other.mkdir()
    prune_runs(tmp_path, 2)
    left = set((tmp_path / "runs").iterdir())
    assert left == {undoable, at_work, with_notes, other, *newest}
    assert [f.name for f in with_notes.iterdir()] == ["my notes.txt"]
    assert not {too_old, plain, died} & left


def test_a_full_disk_costs_the_report_alone(tmp_path):
    """The run says so, and goes on."""
    (tmp_path / "runs").write_text("a file where the folder should be")
    assert not write_report(
        tmp_path / "runs" / "x", SyncSummary(mode="b", track_filter="a"), keep=2
    )


async def test_rows_that_look_alike_are_listed_and_left_alone(run_flow, sandbox_factory):
    """A slip of the pen is shown with both rows, and both are processed."""

    def build(world):
        build_plain(world, 1)
        world.add_track("Midnight Drive Home", "Nova Bright", seconds=30)
        world.add_track("Midnigt Drive Home", "Nova Bright", seconds=30)
        world.add_track("Midnight Drive Home (VIP)", "Nova Bright", seconds=30)

    sandbox = sandbox_factory(build=build)
    summary = await run_flow(library_sync, sandbox, parallel=True)
    assert summary.counts["processed"] == 4
    (pair,) = summary.look_alikes
    titles = {"Nova Bright - Midnight Drive Home", "Nova Bright - Midnigt Drive Home"}
    assert {pair.one, pair.other} == titles
    assert any("look alike" in warning for warning in summary.warnings)
    assert summary.to_dict()["look_alikes"][0]["why"] == pair.why
    (folder,) = folders(sandbox)
    page = (folder / "report.html").read_text()
    assert page.index("Look alike, left apart") < page.index(">Nova Bright - Midnigt Drive Home<")
