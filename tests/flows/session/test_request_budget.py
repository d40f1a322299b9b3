"""Notion's budget as a whole run keeps it, counted in the stand-in's ledger."""

from __future__ import annotations

from bisect import bisect_left

import pytest

from flows.library_sync import library_sync
from sandbox.builders import short_tracks


def arrivals(sandbox) -> list[float]:
    """When each request to Notion came, in order."""
    entries = sandbox.ledger.entries(event="request", service="notion")
    return sorted(entry["at"] - entry["seconds"] for entry in entries)


def most_within(times: list[float], seconds: float) -> int:
    """The most of `times` that lie within `seconds` anywhere."""
    return max(bisect_left(times, start + seconds) - n for n, start in enumerate(times))


async def test_no_window_holds_more_requests_than_the_budget(
    sandbox_factory, run_flow, monkeypatch
):
    """Four workers share one budget; its minute is three seconds here."""
    monkeypatch.setattr("tasks.notion.budget._WINDOW_SECONDS", 3.0)
    sandbox = sandbox_factory(build=short_tracks(3))
    summary = await run_flow(
        library_sync,
        sandbox,
        parallel=True,
        workers=4,
        settings={"notion_requests_per_minute": 12},
    )
    assert summary.counts["failed"] == 0
    times = arrivals(sandbox)
    assert len(times) > 12
    assert most_within(times, 2.0) <= 12  # a permit is spent within a second of being given


@pytest.mark.parametrize(
    "fault", ["rate_limited", pytest.param("overloaded", marks=pytest.mark.slow)]
)
async def test_one_refusal_silences_every_worker(fault, sandbox_factory, run_flow):
    """After a 429 or 529 nobody asks before the time Notion named, and no track fails for it."""
    sandbox = sandbox_factory(build=short_tracks(3))
    aimed = {"fault": fault, "method": "PATCH", "path": "/pages/", "skip": 1}
    sandbox.use_faults(notion={"aimed": [aimed], "retry_after_seconds": [3, 3]})
    summary = await run_flow(library_sync, sandbox, parallel=True, workers=4)
    assert summary.counts["failed"] == 0
    (refused,) = sandbox.ledger.entries(event="request", fault=fault)
    too_early = [at for at in arrivals(sandbox) if 0.5 < at - refused["at"] < 2.5]
    assert too_early == []
