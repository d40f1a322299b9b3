"""NOTIFY: what a run brought and what failed is told, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from flows.library_sync import library_sync
from flows.reporting.notification import message_of
from flows.summary import SHARE, SyncSummary
from sandbox.builders import short_tracks
from tasks.errors import ServiceAway, TrackNotFound
from tasks.tracks import Track, TrackResult, TrackStatus
from tests.tasks.notification_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def told_to(receiver: Receiver) -> dict[str, Any]:
    return {"notify": SecretStr(f"json://user:hunter2secret@127.0.0.1:{receiver.port}/library")}


async def test_a_run_tells_what_it_brought_and_what_failed(
    receiver: Receiver, sandbox_factory: Any, run_flow: Any
) -> None:
    """One line, then each failure with its remedy; a run with nothing to do is silent."""
    sandbox = sandbox_factory(build=short_tracks(2))
    removed = sandbox.world.add_track("Gone", "Nova", seconds=5, condition="removed")
    await run_flow(library_sync, sandbox, parallel=True, settings=told_to(receiver))
    (message,) = receiver.received
    assert message["title"] == "library-sync: 2 new tracks, 1 failed"
    first, second = message["message"].splitlines()
    assert first == "2 new tracks, 1 failed (library-sync)."
    assert second.startswith("Nova - Gone: ")
    assert "Correct the SoundCloud URL in Notion" in second
    await run_flow(library_sync, sandbox, settings=told_to(receiver))
    assert removed.url
    assert len(receiver.received) == 1


async def test_an_address_that_is_not_reached_is_a_warning(
    receiver: Receiver, sandbox_factory: Any, run_flow: Any
) -> None:
    """The run ends as it would have, and no secret is in what it says."""
    receiver.status = 503
    sandbox = sandbox_factory(build=short_tracks(1))
    summary = await run_flow(library_sync, sandbox, settings=told_to(receiver))
    assert (summary.return_code, summary.counts["processed"]) == (0, 1)
    (warning,) = [w for w in summary.warnings if "notification" in w]
    assert "127.0.0.1" in warning
    assert "hunter2secret" not in repr(summary)


async def test_an_address_that_is_none_is_a_warning(sandbox_factory: Any, run_flow: Any) -> None:
    sandbox = sandbox_factory(build=short_tracks(1))
    wrong = {"notify": SecretStr("nonsense")}
    summary = await run_flow(library_sync, sandbox, settings=wrong)
    assert summary.counts["processed"] == 1
    assert any("apprise does not understand" in warning for warning in summary.warnings)


async def test_a_run_that_cannot_begin_is_told(
    receiver: Receiver, sandbox_factory: Any, run_flow: Any
) -> None:
    """At night nobody reads that Eagle never came."""
    sandbox = sandbox_factory(build=short_tracks(1))
    sandbox.wait_for(sandbox.stop_eagle())
    with pytest.raises(ServiceAway):
        await run_flow(library_sync, sandbox, settings=told_to(receiver), pause_seconds=1.0)
    (message,) = receiver.received
    assert message["title"] == "library-sync: the run could not begin"
    assert "The run waited 1 s for Eagle, in vain" in message["message"]


async def test_a_dry_run_tells_nobody(
    receiver: Receiver, sandbox_factory: Any, run_flow: Any
) -> None:
    sandbox = sandbox_factory(build=short_tracks(1))
    await run_flow(library_sync, sandbox, dry_run=True, settings=told_to(receiver))
    assert receiver.received == []


def a_failure(number: int) -> TrackResult:
    track = Track(page_id=f"p{number}", title=f"T{number}", artist="A")
    return TrackResult.of(track, TrackStatus.FAILED, error=TrackNotFound("It is gone."))


def test_a_long_list_of_failures_ends() -> None:
    results = [a_failure(number) for number in range(25)]
    summary = SyncSummary(mode="batch", track_filter="all", results=results)
    message = message_of(summary)
    assert message is not None
    title, text = message
    assert title == "library-sync: 0 new tracks, 25 failed"
    lines = text.splitlines()
    assert len(lines) == 22
    assert lines[-1] == "... and 5 more; the report has all of them."


def test_a_run_that_stopped_says_why() -> None:
    summary = SyncSummary(mode="library-sync", track_filter="all", error="Eagle is off. Start it.")
    assert message_of(summary) == (
        "library-sync: 0 new tracks, the run stopped",
        "0 new tracks, the run stopped (library-sync).\nEagle is off. Start it.",
    )
    assert message_of(SyncSummary(mode=SHARE, track_filter="all")) is None
