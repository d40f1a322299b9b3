"""Failures that stay: tried again after days, at once when something changed or one is told to."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from flows.command_line import application
from flows.command_line.endings import WrongWords
from flows.library_sync import library_sync
from simulation.scaled import unchecked_timing
from tasks.attempts import Attempts
from tasks.eagle.imports import Patience
from tasks.errors import ErrorType
from tasks.locks.timing import LockTiming
from tasks.tracks import Track, TrackResult, TrackStatus
from tests.timing import ALONE

DAY = date(2026, 11, 24)
TRACK = Track(page_id="p1", title="T", soundcloud_url="https://soundcloud.com/a/t")


def failed(error):
    return TrackResult(page_id="p1", status=TrackStatus.FAILED, error_type=error)


@pytest.fixture
def on(tmp_path):
    """`on(day)`: the journal as a run on that day reads it."""
    return lambda day, circumstances="": Attempts(tmp_path / "a.jsonl", circumstances, day)


def test_the_rests_grow(on):
    """1, 3, 7, then 30 days; with how often it was tried."""
    day, days = DAY, []
    for count in range(1, 7):
        on(day).note(TRACK, failed(ErrorType.SC_404))
        attempt = on(day).resting(TRACK)
        assert attempt.count == count
        days.append(attempt.next_try)
        day = attempt.next_try
        assert on(day).resting(TRACK) is None
        assert on(day - timedelta(days=1)).resting(TRACK) is not None
    assert [(b - a).days for a, b in pairwise([DAY, *days])] == [1, 3, 7, 30, 30, 30]


def test_a_change_is_tried_at_once_and_counts_anew(on):
    """The address, the title, the proxy; and after a success nothing is left."""
    on(DAY).note(TRACK, failed(ErrorType.SC_GEO_BLOCKED))
    assert (
        on(DAY).resting(TRACK).reason() == "not due before 2026-11-25 (SC_Geo_Blocked, 1 attempt)"
    )
    assert on(DAY).resting(replace(TRACK, soundcloud_url="https://soundcloud.com/a/u")) is None
    assert on(DAY).resting(replace(TRACK, title="U")) is None
    assert on(DAY, "http://proxy").resting(TRACK) is None
    on(DAY, "http://proxy").note(TRACK, TrackResult(page_id="p1", status=TrackStatus.PROCESSED))
    assert on(DAY).resting(TRACK) is None
    assert on(DAY).of("p1") is None


@pytest.mark.parametrize("error", [ErrorType.EAGLE_IMPORT_FAILED, ErrorType.SC_RATE_LIMITED, None])
def test_what_concerns_no_track_is_not_kept(on, error):
    """Every run tries it again."""
    for _ in range(3):
        on(DAY).note(TRACK, failed(error))
    assert on(DAY).resting(TRACK) is None
    assert on(DAY).of("p1") is None


def test_the_same_error_once_more_waits_too(on):
    """Damaged media is tried again by the next run, then after a day, then after more."""
    waits, day = [], DAY
    for _ in range(5):
        on(day).note(TRACK, failed(ErrorType.DOWNLOAD_FAILED))
        attempt = on(day).resting(TRACK)
        waits.append((attempt.next_try - day).days if attempt else 0)
        day = attempt.next_try if attempt else day
    assert waits == [0, 1, 3, 7, 14]
    on(day).note(TRACK, failed(ErrorType.CONVERSION_FAILED))
    assert on(day).resting(TRACK) is None


def test_a_line_cut_off_by_a_crash_costs_that_line(on, tmp_path):
    """The rest is read, and the next line begins a new one."""
    on(DAY).note(TRACK, failed(ErrorType.SC_DRM))
    path = tmp_path / "a.jsonl"
    path.write_text(path.read_text() + '\nnonsense\n[]\n{"page_id": 3}\n{"page_id": "p2", "err')
    assert on(DAY).resting(TRACK).error is ErrorType.SC_DRM
    on(DAY).note(TRACK, failed(ErrorType.SC_DRM))
    assert on(DAY).resting(TRACK).count == 2


def test_a_long_journal_is_shortened(on, tmp_path):
    """Rows that came in are dropped from it, open ones keep their count."""
    path = tmp_path / "a.jsonl"
    line = '{"page_id": "%s", "source": "s", "error": "%s", "on": "2026-01-01"}\n'
    closed = "".join(line % (n, "SC_404") + line % (n, "") for n in range(3000))
    path.write_text(closed + line % ("x", "SC_404"))
    assert on(DAY).of("x").error is ErrorType.SC_404
    assert [json.loads(text)["page_id"] for text in path.read_text().splitlines()] == ["x"]


def test_the_options():
    """`--error` takes one of our classes."""
    given = application.parse(["sync", "--retry-failed", "--error", "SC_Geo_Blocked"]).options
    assert (given["retry_failed"], given["error"]) == (True, ErrorType.SC_GEO_BLOCKED)
    with pytest.raises(WrongWords):
        application.parse(["sync", "--retry-failed", "--error", "x"])


def asked(sandbox):
    """Requests to SoundCloud so far."""
    return len(sandbox.ledger.entries(event="request", service="soundcloud"))


async def test_a_second_run_leaves_the_lost_alone_until_told(run_flow, sandbox_factory):
    """Two errors that stay and one that passes: counts, requests, the user's ways to force."""
    world = {}

    def build(w):
        w.add_root_page()
        w.add_databases()
        for condition in ("removed", "geo_blocked", "processing"):
            world[condition] = w.add_track(condition, "A", seconds=5, condition=condition)

    sandbox = sandbox_factory(build=build)
    first = await run_flow(library_sync, sandbox)
    assert Counter(str(r.error_type) for r in first.results) == Counter(
        ["SC_404", "SC_Geo_Blocked", "SC_No_Formats"]
    )
    assert (first.return_code, first.counts["failed"]) == (1, 3)

    sandbox.soundcloud.catalogue.set_condition(world["processing"].track_id, "ordinary")
    second = await run_flow(library_sync, sandbox)
    assert (second.found, second.counts["processed"], second.counts["failed"]) == (3, 1, 0)
    assert second.counts["skipped_not_due"] == 2
    assert all("not due before" in r.action for r in second.results if r.error_type)

    before, commits = asked(sandbox), len(sandbox.ledger.entries(event="commit"))
    third = await run_flow(library_sync, sandbox)
    assert (third.return_code, third.counts["skipped_not_due"]) == (2, 2)
    assert (asked(sandbox), len(sandbox.ledger.entries(event="commit"))) == (before, commits)

    sandbox.soundcloud.catalogue.set_condition(world["geo_blocked"].track_id, "ordinary")
    options = {"retry_failed": True, "error": ErrorType.SC_GEO_BLOCKED}
    forced = await run_flow(library_sync, sandbox, **options)
    assert (forced.found, forced.counts["processed"]) == (1, 1)

    sandbox.soundcloud.catalogue.set_condition(world["removed"].track_id, "ordinary")
    sandbox.world.update_row(world["removed"].page_id, {"Audio Processing Status": []})
    cleared = await run_flow(library_sync, sandbox)
    assert (cleared.found, cleared.counts["processed"]) == (1, 1)


async def test_a_file_too_large_for_the_lock_comes_in_once_the_lock_lasts(
    run_flow, sandbox_factory
):
    """The row names a foreseen error, the run the minutes; setting them brings the row at once."""
    world = {}

    def build(w):
        w.add_root_page()
        w.add_databases()
        world["row"] = w.add_track("Long", "A", seconds=5)

    sandbox = sandbox_factory(build=build)
    slow = Patience(seconds=1000.0)
    for _ in range(2):
        short = await run_flow(library_sync, sandbox, patience=slow, timing=ALONE)
        assert [str(result.error_type) for result in short.results] == ["Conversion_Failed"]
        assert "PROCESS_LOCK_TIMEOUT_MINUTES to 19" in short.results[0].remedy
    third = await run_flow(library_sync, sandbox, patience=slow, timing=ALONE)
    assert third.counts["skipped_not_due"] == 1

    minutes = {"lock_timeout_minutes": 19}
    lasting = unchecked_timing(LockTiming, **vars(ALONE) | {"timeout": 19 * 60.0})
    mended = await run_flow(library_sync, sandbox, patience=slow, settings=minutes, timing=lasting)
    assert mended.counts["processed"] == 1
