"""SoundCloud changes its pages: the run stops, and no heap of rows is marked as failed."""

from __future__ import annotations

from datetime import date

import pytest

from flows.library_sync import library_sync
from flows.session.opening import SessionOptions, open_session, session_options
from flows.track.source_trouble import require_readable
from sandbox.builders import short_tracks
from sandbox.faults import SoundCloudPlan
from tasks.errors import SourceChanged, SourceUnreadable
from tasks.soundcloud.update import installed_release, release_of
from tasks.tracks import Track
from tests.flows.conftest import settings_of

CHANGED = SoundCloudPlan(hides_client_id=True)
ODD = SourceUnreadable("SoundCloud's answer for this track could not be read: new.")


def _marked(sandbox) -> list[object]:
    shown = [row["Audio Processing Status"] for row in sandbox.world.values_of_all()]
    return [status for status in shown if "Failed" in str(status)]


async def test_the_run_stops_and_says_what_to_do(run_flow, sandbox_factory):
    sandbox = sandbox_factory(build=short_tracks(5))
    sandbox.set_faults("soundcloud", CHANGED)
    summary = await run_flow(library_sync, sandbox, workers=2)
    assert summary.counts["processed"] == 0
    assert str(installed_release()) in summary.error
    assert "library-sync update" in summary.error
    assert len(summary.error.splitlines()) == 1
    assert _marked(sandbox) == []
    assert [row["Processing Lock"] for row in sandbox.world.values_of_all()] == [""] * 5
    assert len(summary.results) < 5


@pytest.fixture
async def run(sandbox_factory, prefect_server):
    sandbox = sandbox_factory(build=short_tracks(3))
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    async with open_session(with_eagle=False) as opened:
        opened.state.work = [
            Track(page_id=row.page_id, soundcloud_url=row.url) for row in sandbox.world.rows
        ]
        yield opened, sandbox


async def test_one_track_alone_that_cannot_be_read_is_that_tracks_trouble(run):
    opened, _ = run
    await require_readable(opened.connections, opened.state, opened.state.work[0], ODD)
    assert opened.state.stopped_by is None


async def test_other_tracks_that_cannot_be_read_either_stop_the_run(run):
    opened, sandbox = run
    sandbox.set_faults("soundcloud", CHANGED)
    with pytest.raises(SourceChanged):
        await require_readable(opened.connections, opened.state, opened.state.work[0], ODD)
    assert isinstance(opened.state.stopped_by, SourceChanged)


def test_a_release_is_as_old_as_its_name_says():
    assert str(release_of("2026.10.26", date(2026, 11, 25))) == "yt-dlp 2026.10.26 (30 days old)"
    assert str(release_of("nightly", date(2026, 11, 25))) == "yt-dlp nightly"
