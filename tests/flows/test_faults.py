"""Bad days: what a run makes of services that fail, answer late, or say no and do it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from flows.library_sync import library_sync
from sandbox.builders import short_tracks
from tasks.eagle.imports import Patience
from tasks.locks.value import parse
from tasks.tracks import TrackStatus
from tests.timing import among_others

LOCK = "Processing Lock"
RESULTS = ("WAV File Path", "AIFF File Path", "Eagle File ID")

# The lock's times are a fifth of the real ones in these tests, the faults' a tenth.
TIMING = among_others(0.2)
TENTH = {
    "late_seconds": (0.2, 4.0),
    "late_hold_seconds": (0.02, 2.0),
    "query_lag": (0.04, 0.4),
    "requests_per_window": None,
}


def doubles(sandbox) -> list[str]:
    """Addresses and extensions that Eagle holds more than once."""
    entries = sandbox.ledger.entries(event="commit", kind="item.add")
    counted = Counter(f"{entry['url']} {entry['ext']}" for entry in entries)
    return [name for name, number in counted.items() if number > 1]


def half_written(sandbox) -> list[str]:
    """Rows that name results and are not done, or are done and lack one, or name a lost file."""
    rows = sandbox.world.values_of_all()
    return [row["Title"] for row in rows if not (_is_whole(row) if row["DL"] else _is_blank(row))]


def _is_whole(row) -> bool:
    files = [Path(row[name]) for name in RESULTS[:2]]
    return bool(row["Eagle File ID"]) and all(file.is_file() for file in files)


def _is_blank(row) -> bool:
    return not any(row[name] for name in RESULTS)


def let_locks_age(sandbox) -> None:
    """What stands in lock properties becomes hours old, as if the time-out had passed."""
    for row in sandbox.world.rows:
        lock = parse(sandbox.world.values_of(row.page_id)[LOCK])
        if lock is not None:
            old = str(lock).replace(f"{lock.taken_at:%Y-%m-%dT}", f"{lock.taken_at:%Y}-01-01T")
            sandbox.world.update_row(row.page_id, {LOCK: old})


async def settle(sandbox) -> None:
    """Late writes have landed, and time has passed over the locks."""
    sandbox.wait_for(sandbox.settle())
    let_locks_age(sandbox)


async def test_a_rough_day_costs_time_and_no_track(sandbox_factory, run_flow):
    """4.5 % of Notion's answers fail or lie, Eagle and SoundCloud stumble too: all is done."""
    sandbox = sandbox_factory(build=short_tracks(6))
    latency = {"median": 0.015, "sigma": 0.7, "longest": 0.6}
    eagle = {"import_delay": (0.04, 0.8)}  # as much shorter as the time an import may take here
    sandbox.use_faults("rough", seed=1, notion=TENTH | {"latency": latency}, eagle=eagle)
    first = await run_flow(library_sync, sandbox, parallel=True, workers=6, timing=TIMING)
    assert said_why(first)
    for _ in range(4):  # a busy machine is too slow for a claim now and then
        await settle(sandbox)
        if not all(row["DL"] for row in sandbox.world.values_of_all()):
            await run_flow(library_sync, sandbox, parallel=True, workers=6, timing=TIMING)
    assert [row["Title"] for row in sandbox.world.values_of_all() if not row["DL"]] == []
    assert half_written(sandbox) == doubles(sandbox) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_hostile_day_leaves_nothing_half_done(seed, sandbox_factory, run_flow):
    """Every track ends as done or with a reason; once the day is over, all get done, none twice."""
    sandbox = sandbox_factory(build=short_tracks(10))
    latency = {"median": 0.04, "sigma": 1.0, "longest": 2.0}
    notion = TENTH | {"latency": latency, "workspace_limit_seconds": 7.5, "cursor_lifetime": 5.0}
    eagle = {
        "latency": {"median": 0.03, "sigma": 1.0, "longest": 1.0},
        "import_delay": (0.05, 1.5),
        "late_seconds": (0.2, 4.0),
        "late_hold_seconds": (0.02, 3.5),
    }
    sandbox.use_faults("hostile", seed=seed, notion=notion, eagle=eagle)
    first = await run_flow(
        library_sync,
        sandbox,
        parallel=True,
        workers=6,
        patience=Patience(seconds=6.0),
        timing=TIMING,
    )
    assert said_why(first)
    assert half_written(sandbox) == doubles(sandbox) == []

    sandbox.use_faults()
    await settle(sandbox)
    await run_flow(library_sync, sandbox, parallel=True, workers=6, timing=TIMING)
    assert [row["Title"] for row in sandbox.world.values_of_all() if not row["DL"]] == []
    assert half_written(sandbox) == doubles(sandbox) == []


def said_why(summary) -> bool:
    """Whether every track was done, or says why it was not."""
    return all(
        result.status is TrackStatus.PROCESSED or result.error_message or result.action
        for result in summary.results
    )
