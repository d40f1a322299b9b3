"""What a run leaves behind: summary, table, log, page; and how long it is kept."""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from flows.library_sync import library_sync
from flows.reporting.closing_lines import dry_run_lines, failure_lines
from flows.reporting.files import write_report
from flows.reporting.html_page import Bars, Link, Section, Stacked, Table, page
from flows.reporting.report_page import report_page
from flows.reporting.run_folders import note_beginning, note_end, past_runs, prune_runs
from flows.reporting.spreadsheet import results_csv, spreadsheet_safe
from flows.summary import ReturnCode, SyncSummary
from sandbox.builders import build_plain
from tasks.errors import ErrorType
from tasks.tracks import FilePaths, Track, TrackResult, TrackStatus


def folders(sandbox):
    return sorted((Path(sandbox.environment["LIBRARY_SYNC_STATE"]) / "runs").iterdir())


async def test_a_run_leaves_its_report_and_an_idle_one_its_summary(run_flow, sandbox_factory):
    """Files that agree with the summary; the second run leaves its numbers alone."""
    sandbox = sandbox_factory(tracks=3)
    summary = await run_flow(library_sync, sandbox)
    (first,) = folders(sandbox)
    assert {f.name for f in first.iterdir()} == {
        "run.json", "summary.json", "results.csv", "run.log", "report.html",
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
    assert {f.name for f in second.iterdir()} == {"run.json", "summary.json"}
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


def test_the_table_holds_every_column_in_its_order():
    """Other programs read it by place or by name; its first mark tells Excel that it is UTF-8."""
    paths = FilePaths(wav="/w.wav", aiff="/a.aiff", playlist_wav="/p, q.wav")
    result = TrackResult(
        page_id="1", title='夜 "x"', status=TrackStatus.PROCESSED, file_paths=paths, bpm=124
    )
    head, row, end = results_csv([result]).split("\n")
    assert head == (
        "\ufeffstatus,artist,title,error_type,error_message,remedy,action,eagle_item_id,"
        "eagle_aiff_item_id,wav,aiff,playlist_wav,duration_seconds,bpm,key,fingerprint,"
        "processing_time_seconds,source_url,page_url,page_id,dedupe_keeper_id"
    )
    assert row == ('processed,Unknown,"夜 ""x""",,,,,,,/w.wav,/a.aiff,"/p, q.wav",,124,,,0.0,,,1,')
    assert end == ""


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
    drawn = page("T", Section("Rows", [Bars({"done": 4, "failed": 2}, bad=["failed"])]))
    assert 'aria-label="done 4, failed 2"' in drawn
    assert drawn.count("<rect") == 2
    assert "<h2>" not in page("T", Section("Rows", [Bars({}), Table(("a",), []), Stacked({})]))
    assert ">x</td>" in page("T", Section("", [Table(("a",), [(Link("x", "ftp://y"),)])]))


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


def failed(number, error_type=ErrorType.SC_404, remedy="Correct it."):
    return TrackResult(
        page_id=str(number), title=f"Track {number}", artist="A", status=TrackStatus.FAILED,
        error_type=error_type, error_message=f"gone {number}", remedy=remedy,
    )  # fmt: skip


def test_many_failures_are_summed_up_by_class():
    """The most frequent class first: how many, the three newest, the remedy once."""
    results = [*(failed(n) for n in range(280)), failed(300, ErrorType.SC_DRM, "Buy it.")]
    assert failure_lines(results) == [
        "   SC_404 (280): SoundCloud track not found",
        "      A - Track 277: gone 277",
        "      A - Track 278: gone 278",
        "      A - Track 279: gone 279",
        "      ... and 277 more in the report",
        "      What to do: Correct it.",
        "   SC_DRM (1): The track is protected by DRM",
        "      A - Track 300: gone 300",
        "      What to do: Buy it.",
    ]


def test_a_remedy_stands_below_what_it_is_for():
    """Two of one class may need different things."""
    remedies = ["Look.", "Wait.", "Look."]
    lines = failure_lines([failed(n, remedy=remedy) for n, remedy in enumerate(remedies)])
    assert [line.strip() for line in lines[1:]] == [
        "A - Track 0: gone 0",
        "A - Track 2: gone 2",
        "What to do: Look.",
        "A - Track 1: gone 1",
        "What to do: Wait.",
    ]


def test_a_row_that_names_nothing_is_told_by_its_address():
    """Not by `Untitled`, which others are too."""
    track = Track(page_id="x", soundcloud_url="https://soundcloud.com/a/b")
    result = TrackResult.of(track, TrackStatus.FAILED)
    assert track.label == track.byline == result.label == "soundcloud.com/a/b"
    assert result.title == "Untitled"
    assert Track(page_id="x").label == "Untitled"


def test_a_long_dry_run_names_the_first_of_each_kind_and_their_number():
    """Rows that are skipped are named too, each with its reason."""
    planned = [
        TrackResult(page_id=str(n), title=f"T{n}", artist="", status=TrackStatus.PENDING,
                    action="download: Eagle does not have it")
        for n in range(25)
    ]  # fmt: skip
    done = TrackResult(page_id="x", title="Old", artist="", action="the row is complete",
                       status=TrackStatus.SKIPPED_ALREADY_DONE)  # fmt: skip
    lines = dry_run_lines(
        SyncSummary(mode="batch", track_filter="all", found=30, results=(*planned, done))
    )
    assert lines[:2] == ["   Would download (25):", "      T0: Eagle does not have it"]
    assert lines[21:] == [
        "      ... and 5 more in results.csv",
        "   Done already (1):",
        "      Old: the row is complete",
        "   Left for a later run, beyond the limit (4)",
    ]


def test_each_row_found_is_in_exactly_one_number():
    """What became of the rows adds up to the rows found."""
    statuses = [status for status in TrackStatus if status is not TrackStatus.IN_PROGRESS]
    results = tuple(TrackResult(page_id=str(n), status=s) for n, s in enumerate(statuses))
    summary = SyncSummary(mode="batch", track_filter="all", found=20, results=results)
    assert sum(summary.outcomes.values()) == summary.found
    assert summary.counts["skipped_not_due"] == 1


def ended_run(state, number, summary, *, ended=True):
    folder = state / "runs" / f"20260101-0000{number:02d}-0badcafe"
    note_beginning(folder, summary)
    if ended:
        note_end(folder, summary)
    return folder


def test_idle_runs_and_dry_runs_push_out_their_own_kind_alone(tmp_path):
    """Four nights without work, and the run that failed something is still there."""
    worked = SyncSummary(mode="batch", track_filter="all", found=1, results=(failed(1),))
    idle = SyncSummary(mode="batch", track_filter="all")
    dry = replace(worked, dry_run=True)
    kept = [ended_run(tmp_path, number, worked) for number in (1, 2)]
    for number in range(3, 9):
        ended_run(tmp_path, number, idle)
        ended_run(tmp_path, number + 20, dry)
    prune_runs(tmp_path, 2)
    left = past_runs(tmp_path, 50)
    assert [run.name for run in left[-2:]] == [folder.name for folder in reversed(kept)]
    assert sum(run.is_idle for run in left) == 2
    assert sum(run.dry_run for run in left) == 2


def test_a_killed_run_is_listed(tmp_path):
    """It has a beginning and no end, and its process is gone; one that lives is at work."""
    summary = SyncSummary(mode="library-sync", track_filter="unprocessed")
    folder = ended_run(tmp_path, 1, summary, ended=False)
    assert [run.ended for run in past_runs(tmp_path, 9)] == ["at work"]
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text.replace(f'"pid": {os.getpid()}', '"pid": 99999999'))
    killed = past_runs(tmp_path, 9)[0]
    assert (killed.ended, killed.return_code) == ("killed", None)
    assert "library-sync unprocessed (killed): its log ends after" in killed.sentence()


def test_the_page_says_what_happened():
    """A headline in words, local time, and "downloaded and imported" for a success."""
    result = TrackResult(page_id="1", title="T", artist="A", status=TrackStatus.PROCESSED,
                         action="downloaded and imported")  # fmt: skip
    summary = SyncSummary(mode="batch", track_filter="all", found=2, results=(result, failed(2)))
    text = report_page("20260101-030000-0badcafe", summary)
    assert "<h1>1 track brought in, 1 failed</h1>" in text
    assert "Begun 2026-01-01 03:00" in text
    assert "downloaded and imported" in text
    assert summary.return_code is ReturnCode.PROCESSED
