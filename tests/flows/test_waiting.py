"""Rows that other machines have done are learnt by one listing, not by asking for each."""

from __future__ import annotations

import asyncio

import pytest

from flows.fan_out.work_list import Waiting
from flows.rows.filtering import is_wanted
from flows.session.opening import SessionOptions, open_session, session_options
from flows.sync_track import skipped
from tasks.notion.stage import query_tracks
from tasks.tracks import TrackFilter, TrackStatus
from tests.conftest import settle
from tests.flows.conftest import settings_of
from tests.flows.small_world import short_tracks

_IN_VAIN = (TrackStatus.SKIPPED_LOCKED, TrackStatus.SKIPPED_ALREADY_DONE)


async def _listed(session, track_filter=TrackFilter.UNPROCESSED):
    session.track_filter = track_filter
    tracks = await query_tracks(
        session.notion,
        session.schema,
        track_filter,
        lambda track: is_wanted(session, track, track_filter),
    )
    session.listed = len(tracks)
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
async def session(sandbox_factory, prefect_server):
    sandbox = sandbox_factory(build=short_tracks(8))
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    async with open_session(with_eagle=False) as opened:
        opened.sandbox = sandbox
        yield opened


async def test_a_new_listing_tells_what_others_did(session):
    tracks = await _listed(session)
    waiting = Waiting(session, tracks)
    asked = [await waiting.next() for _ in range(3)]
    done, held = tracks[3:5], tracks[5]
    for track in done:
        session.sandbox.world.update_row(track.page_id, {"DL": True})
    session.sandbox.world.update_row(held.page_id, {"Processing Lock": "someone else"})
    await asyncio.to_thread(settle, session.sandbox)
    before = _queries(session.sandbox)
    for track in asked:
        waiting.note(skipped(track, _IN_VAIN[0], "held"))
    left = await _drained(waiting)
    assert left == [t.page_id for t in [*tracks[6:], held]]
    assert [r.page_id for r in waiting.done_elsewhere] == [t.page_id for t in done]
    assert {r.status for r in waiting.done_elsewhere} == {TrackStatus.SKIPPED_ALREADY_DONE}
    assert _queries(session.sandbox) == before + 1


@pytest.mark.parametrize(
    ("status", "track_filter", "notes"),
    [
        (TrackStatus.PROCESSED, TrackFilter.UNPROCESSED, 8),
        (TrackStatus.SKIPPED_LOCKED, TrackFilter.UNPROCESSED, 2),
        (TrackStatus.SKIPPED_LOCKED, TrackFilter.ALL, 8),
    ],
    ids=["nothing in vain", "too few", "a listing that shows done rows as well"],
)
async def test_what_is_worth_no_listing(session, status, track_filter, notes):
    tracks = await _listed(session, track_filter)
    waiting = Waiting(session, tracks)
    before = _queries(session.sandbox)
    for track in tracks[:notes]:
        waiting.note(skipped(track, status, ""))
    assert await _drained(waiting) == [track.page_id for track in tracks]
    assert _queries(session.sandbox) == before
    assert not waiting.done_elsewhere
