"""One listing shows the rows that other machines have done, instead of a request for each."""

from __future__ import annotations

import asyncio

import pytest

from flows.fan_out.work_list import Waiting
from flows.rows.filtering import is_wanted
from flows.session.opening import SessionOptions, open_session, session_options
from sandbox.builders import short_tracks
from tasks.notion.stage import query_tracks
from tasks.tracks import TrackFilter, TrackResult, TrackStatus
from tests.conftest import settle
from tests.flows.conftest import settings_of

_IN_VAIN = (TrackStatus.SKIPPED_LOCKED, TrackStatus.SKIPPED_ALREADY_DONE)


async def _listed(run, track_filter=TrackFilter.UNPROCESSED):
    run.state.track_filter = track_filter
    tracks = await query_tracks(
        run.connections.notion,
        run.connections.schema,
        track_filter,
        lambda track: is_wanted(run.connections, track, track_filter),
    )
    run.state.listed = len(tracks)
    return tracks


def _queries(sandbox) -> int:
    entries = sandbox.ledger.entries(event="request", service="notion")
    return sum(entry["path"].endswith("/query") for entry in entries)


async def _drained(waiting) -> list[str]:
    handed_out = []
    while track := await waiting.next():
        handed_out.append(track.page_id)
    return handed_out


@pytest.fixture
def sandbox(sandbox_factory):
    return sandbox_factory(build=short_tracks(8))


@pytest.fixture
async def run(sandbox, prefect_server):
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    async with open_session(with_eagle=False) as opened:
        yield opened


async def test_a_new_listing_tells_what_others_did(run, sandbox):
    tracks = await _listed(run)
    waiting = Waiting(run, tracks)
    asked = [await waiting.next() for _ in range(3)]
    done, held = tracks[3:5], tracks[5]
    for track in done:
        sandbox.world.update_row(track.page_id, {"DL": True})
    sandbox.world.update_row(held.page_id, {"Processing Lock": "someone else"})
    await asyncio.to_thread(settle, sandbox)
    before = _queries(sandbox)
    for track in asked:
        waiting.note(TrackResult.of(track, _IN_VAIN[0], "held"))
    left = await _drained(waiting)
    assert left == [t.page_id for t in [*tracks[6:], held]]
    assert [r.page_id for r in waiting.done_elsewhere] == [t.page_id for t in done]
    assert {r.status for r in waiting.done_elsewhere} == {TrackStatus.SKIPPED_ALREADY_DONE}
    assert _queries(sandbox) == before + 1


@pytest.mark.parametrize(
    ("status", "track_filter", "notes"),
    [
        (TrackStatus.PROCESSED, TrackFilter.UNPROCESSED, 8),
        (TrackStatus.SKIPPED_LOCKED, TrackFilter.UNPROCESSED, 2),
        (TrackStatus.SKIPPED_LOCKED, TrackFilter.ALL, 8),
    ],
    ids=["nothing in vain", "too few", "a listing that shows done rows as well"],
)
async def test_what_is_worth_no_listing(run, sandbox, status, track_filter, notes):
    tracks = await _listed(run, track_filter)
    waiting = Waiting(run, tracks)
    before = _queries(sandbox)
    for track in tracks[:notes]:
        waiting.note(TrackResult.of(track, status, ""))
    assert await _drained(waiting) == [track.page_id for track in tracks]
    assert _queries(sandbox) == before
    assert not waiting.done_elsewhere
