"""A claim that turns out to be another's while its track is downloaded."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from flows.library_sync import library_sync
from sandbox.builders import short_tracks
from sandbox.threaded import RunningSandbox
from simulation.scaled import unchecked_timing
from tasks.locks.clock import NotionTime
from tasks.locks.timing import LockTiming
from tasks.soundcloud import client
from tasks.tracks import TrackStatus
from tests.flows.sync_process import wait_until
from tests.flows.test_cancellation import leftovers, locks, media_requests

_FOR_EVER = 3600.0


class _SoonRenewed(LockTiming):
    """A lock whose first renewal is due while the download has just begun."""

    renew_every = 3.0


class _OftenRenewed(LockTiming):
    """Once a second."""

    renew_every = 1.0


TIMES = {"write_bound": 20.0, "settle": 0.02, "landing": 1.0, "grace": 60.0}


@pytest.fixture
def stalled(sandbox_factory, monkeypatch) -> RunningSandbox:
    """One track, on a host that falls silent in the middle of the audio: for longer than is waited
    for it, which is how long a download may take to end.
    """
    impatient = partial(client.SoundCloudClient, socket_seconds=4.0)
    monkeypatch.setattr(client, "SoundCloudClient", impatient)
    sandbox = sandbox_factory(build=short_tracks(1, seconds=15))
    track_id = sandbox.world.rows[0].track_id
    sandbox.soundcloud.catalogue.set_condition(track_id, "stall", seconds=_FOR_EVER)
    return sandbox


async def test_a_download_ends_once_the_row_is_seen_to_be_anothers(stalled, run_flow, caplog):
    """The other's lock stays, nothing is left on the disk, and one line says who has the row."""
    timing = unchecked_timing(_SoonRenewed, **TIMES)
    run = asyncio.ensure_future(run_flow(library_sync, stalled, timing=timing))
    (ours,) = await asyncio.to_thread(wait_until, lambda: locks(stalled))
    theirs = ours.replace(":", ":their-", 1)
    stalled.world.update_row(stalled.world.rows[0].page_id, {"Processing Lock": theirs})
    (result,) = (await asyncio.wait_for(run, 120)).results
    assert media_requests(stalled)
    assert result.status is TrackStatus.SKIPPED_LOCKED
    assert "their-" in result.action
    (said,) = (each.message for each in caplog.records if each.name == "tasks.locks.lease")
    assert "could not be claimed: process" in said
    assert "on their-" in said
    assert locks(stalled) == [theirs]
    assert leftovers(stalled) == []


async def test_a_row_taken_while_this_machine_stood_still_is_the_others(
    stalled, run_flow, monkeypatch, caplog
):
    """A proven row, a pause that one clock did not count, and another's lock after it."""
    timing = unchecked_timing(_OftenRenewed, **TIMES)
    run = asyncio.ensure_future(run_flow(library_sync, stalled, timing=timing))
    (claimed,) = await asyncio.to_thread(wait_until, lambda: locks(stalled))
    await asyncio.to_thread(wait_until, lambda: locks(stalled) != [claimed])  # proven and renewed
    theirs = f"77:elsewhere:0badcafe:{claimed.split(':', 3)[3]}"
    stalled.world.update_row(stalled.world.rows[0].page_id, {"Processing Lock": theirs})
    difference = NotionTime._difference
    monkeypatch.setattr(NotionTime, "_difference", lambda clock: difference(clock) + 2.0)
    summary = await asyncio.wait_for(run, 120)
    (result,) = summary.results
    assert (result.status, summary.counts["failed"]) == (TrackStatus.SKIPPED_LOCKED, 0)
    assert "was taken over: process 77 on elsewhere" in caplog.text
    assert locks(stalled) == [theirs]
