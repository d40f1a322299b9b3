"""A service goes away in the middle of a run: the run waits for it, and marks no row."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace
from typing import cast

import pytest

from flows.batch_sync import _listed
from flows.library_sync import library_sync
from flows.session.head_start import HeadStart
from flows.session.opening import Run
from flows.session.pauses import Pauses
from sandbox.builders import short_tracks
from sandbox.faults import Aimed, EaglePlan, Fault, NotionPlan, SoundCloudPlan
from tasks.errors import NotionUnavailable, Service, ServiceAway, SyncError
from tasks.tracks import Track, TrackFilter

ALL_DROPPED = {Fault.DROPPED: 1.0}
PLANS = {"notion": NotionPlan, "soundcloud": SoundCloudPlan, "eagle": EaglePlan}
NAMES = {"notion": "Notion", "soundcloud": "SoundCloud", "eagle": "Eagle"}
TRACKS = 4


def take_away(sandbox, service: str) -> None:
    if service == "eagle":
        sandbox.wait_for(sandbox.stop_eagle())
    else:
        sandbox.set_faults(service, PLANS[service](rates=ALL_DROPPED))


def bring_back(sandbox, service: str) -> None:
    if service == "eagle":
        sandbox.wait_for(sandbox.start_eagle())
    else:
        sandbox.set_faults(service, PLANS[service]())


async def begun(sandbox, writes: int) -> None:
    """Until the run has written so often into rows; the first time it claims one."""
    wanted = {"event": "commit", "service": "notion"}
    while len(sandbox.ledger.entries(**wanted)) < writes:  # noqa: ASYNC110  (its world is a thread's)
        await asyncio.sleep(0.05)


async def gone_until(told: Callable[[], bool], sandbox, service: str) -> None:
    """Away in the middle of the run, and back once the run has told that it waits."""
    await begun(sandbox, 3)
    await asyncio.to_thread(take_away, sandbox, service)
    await back_once(told, sandbox, service)


async def back_once(told: Callable[[], bool], sandbox, service: str) -> None:
    async with asyncio.timeout(120):
        while not told():  # noqa: ASYNC110  (what is told is a log)
            await asyncio.sleep(0.05)
    await asyncio.to_thread(bring_back, sandbox, service)


def marked(sandbox) -> list[str]:
    rows = sandbox.world.values_of_all()
    return [row["Title"] for row in rows if "Failed" in str(row["Audio Processing Status"])]


@pytest.mark.parametrize("service", ["eagle", "notion", "soundcloud"])
async def test_every_row_is_done_once_it_is_back(run_flow, sandbox_factory, caplog, service):
    sandbox = sandbox_factory(build=short_tracks(TRACKS))
    waits = f"{NAMES[service]} does not answer; waiting, 0 s of 10 min"
    with caplog.at_level(logging.INFO):
        summary, _ = await asyncio.gather(
            run_flow(library_sync, sandbox, workers=3),
            gone_until(lambda: waits in caplog.text, sandbox, service),
        )
    # A claim that Notion cut off leaves its token, which holds the row until it expires.
    cut_off = summary.counts["skipped_locked"] if service == "notion" else 0
    assert summary.counts["processed"] + cut_off == TRACKS
    assert summary.counts["failed"] == 0
    assert marked(sandbox) == []
    assert f"{NAMES[service]} is there again after" in caplog.text


@pytest.mark.parametrize("service", ["eagle", "notion", "soundcloud"])
async def test_a_run_waits_for_what_is_away_when_it_begins(
    run_flow, sandbox_factory, caplog, service
):
    sandbox = sandbox_factory(build=short_tracks(1))
    take_away(sandbox, service)
    waits = f"{NAMES[service]} does not answer; waiting, 0 s of 10 min"
    with caplog.at_level(logging.INFO):
        summary, _ = await asyncio.gather(
            run_flow(library_sync, sandbox, workers=3),
            back_once(lambda: waits in caplog.text, sandbox, service),
        )
    assert summary.counts["processed"] == 1
    assert f"{NAMES[service]} is there again after" in caplog.text


async def test_nobody_starts_eagle_the_run_says_so_at_once_and_ends_with_it(
    run_flow, sandbox_factory, caplog
):
    sandbox = sandbox_factory(build=short_tracks(1))
    take_away(sandbox, "eagle")
    with pytest.raises(ServiceAway, match="The run waited 2 s for Eagle, in vain"):
        await run_flow(library_sync, sandbox, pause_seconds=2.0)
    said = "Start it and open your library, or set EAGLE_API_BASE=off to work without it."
    assert f"{said} Eagle does not answer; waiting, 0 s of 2 s" in caplog.text
    assert sandbox.ledger.entries(event="commit") == []


@pytest.mark.parametrize("service", ["eagle", "soundcloud"])
async def test_away_for_good_the_run_ends_with_a_reason(run_flow, sandbox_factory, caplog, service):
    sandbox = sandbox_factory(build=short_tracks(TRACKS))

    async def gone() -> None:
        await begun(sandbox, 1)
        await asyncio.to_thread(take_away, sandbox, service)

    summary, _ = await asyncio.gather(
        run_flow(library_sync, sandbox, workers=2, pause_seconds=1.0), gone()
    )
    assert summary.error.startswith(f"The run waited 1 s for {NAMES[service]}, in vain")
    assert summary.error.count(".") >= 2  # what happened, and what to do
    assert marked(sandbox) == []
    rows = sandbox.world.values_of_all()
    assert [row["Processing Lock"] for row in rows if row["Processing Lock"]] == []
    stopped = [result for result in summary.results if not result.is_success]
    assert stopped
    assert all("in vain" in (result.error_message or "") for result in stopped)


MEDIA = tuple(
    Aimed(fault=Fault.DROPPED, path=path, times=100_000) for path in ("/aac-", "/mp3-", "/opus-")
)


async def test_a_host_of_audio_that_is_away_pauses_the_run(run_flow, sandbox_factory, caplog):
    """The site answers; track after track breaks off: none is marked, and the run ends."""
    sandbox = sandbox_factory(build=short_tracks(TRACKS))
    sandbox.set_faults("soundcloud", SoundCloudPlan(aimed=MEDIA))
    with caplog.at_level(logging.INFO):
        summary = await run_flow(library_sync, sandbox, workers=4, pause_seconds=1.0)
    assert summary.error.startswith("The run waited 1 s for SoundCloud, in vain")
    assert "Track after track: The connection to" in caplog.text
    assert summary.counts["processed"] == 0
    assert marked(sandbox) == []
    rows = sandbox.world.values_of_all()
    assert [row["Processing Lock"] for row in rows if row["Processing Lock"]] == []


async def test_a_listing_that_is_cut_off_begins_again(monkeypatch):
    """Notion goes away between two pages of it: each row comes once, and the run has waited."""
    listings = [["a", "b", None], ["a", "b", "c"]]
    asked: list[str] = []

    async def wanted_rows(*_: object) -> AsyncGenerator[Track, None]:
        for page_id in listings.pop(0):
            if page_id is None:
                raise NotionUnavailable("Notion cannot be reached.")
            yield Track(page_id=page_id)

    class Notion:
        async def data_source(self, source: str) -> None:
            asked.append(source)
            if len(asked) == 1:
                raise NotionUnavailable("Notion cannot be reached.")

    async def there(_: SyncError) -> None:
        await asyncio.sleep(0)

    async with Pauses({Service.NOTION: there}) as pauses:
        schema = SimpleNamespace(data_source_id="rows")
        connections = SimpleNamespace(notion=Notion(), schema=schema)
        state = SimpleNamespace(head_start=HeadStart(), track_filter=TrackFilter.ALL)
        monkeypatch.setattr("flows.batch_sync.wanted_rows", wanted_rows)
        run = cast("Run", SimpleNamespace(connections=connections, state=state, pauses=pauses))
        assert [track.page_id async for track in _listed(run)] == ["a", "b", "c"]
    assert asked == ["rows", "rows"]
