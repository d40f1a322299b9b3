"""What a run does while Prefect is imported: the rows it takes over, and those it gives back."""

from __future__ import annotations

import asyncio

import pytest

from flows.batch_sync import batch_sync
from flows.before_prefect.beginning import begin
from flows.library_sync import library_sync
from flows.session.opening import SessionOptions, session_options
from sandbox.faults import Aimed, Fault, SoundCloudPlan
from tests.flows.before_prefect.jobs import job
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, types
from tests.timing import ALONE, SETTLING


@pytest.fixture
def handed_down():
    """What the command line hands down."""

    def hand_down(sandbox, timing=SETTLING) -> None:
        settings = settings_of(sandbox)
        session_options.set(SessionOptions(settings=settings, timing=timing))

    return hand_down


async def is_locked(rows_of, sandbox, number: int) -> None:
    """Return once so many rows show a lock."""
    for _ in range(600):
        rows = await asyncio.to_thread(rows_of, sandbox)
        if sum(bool(row["Processing Lock"]) for row in rows) == number:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{number} rows were not claimed")


def addresses_asked_for(sandbox) -> list[str]:
    """The tracks, by number, for whose audio an address was asked."""
    return [path.split("/")[2] for path in asked(sandbox, "/media/soundcloud:tracks:")]


def asked(sandbox, part: str) -> list[str]:
    """What SoundCloud was asked for, where `part` is in it."""
    entries = sandbox.ledger.entries(event="request", service="soundcloud")
    return [entry["path"] for entry in entries if part in entry["path"]]


async def is_fetched(sandbox, number: int, part: str = "/media/soundcloud:tracks:") -> None:
    """Return once so many tracks are being fetched, as far as `part`."""
    for _ in range(600):
        if len(asked(sandbox, part)) == number:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{number} tracks were not begun")


async def test_the_flow_takes_over_what_was_begun(
    prefect_server, handed_down, sandbox_factory, rows_of
):
    """Given tracks that are claimed and fetched, when the flow runs, then each was once."""
    sandbox = sandbox_factory(tracks=5)
    handed_down(sandbox)
    async with begin(job(workers=2)) as beginning:
        await is_fetched(sandbox, 2)
        state = await library_sync(parallel=True, workers=2, return_state=True)
        connections = await beginning.opening
        assert list(connections.staging.iterdir()) == []
    summary = await state.aresult()

    assert summary.counts["processed"] == 5
    assert len(addresses_asked_for(sandbox)) == len(set(addresses_asked_for(sandbox))) == 5
    writes = sandbox.ledger.entries(event="commit", service="notion", kind="page.update")
    assert len(writes) == 2 * 5
    listings = sandbox.ledger.entries(event="request", service="eagle", path="/api/item/list")
    assert len(listings) == 1
    assert not any(row["Processing Lock"] for row in rows_of(sandbox))


async def test_a_run_that_does_not_start_frees_its_rows(
    prefect_server, handed_down, sandbox_factory, rows_of
):
    """Given tracks that are claimed and fetched, when no flow takes them, then nothing is left."""
    sandbox = sandbox_factory(tracks=5)
    handed_down(sandbox)
    async with begin(job(workers=3)) as beginning:
        await is_locked(rows_of, sandbox, 5)  # three, and those to follow them
        await is_fetched(sandbox, 3)
    assert not any(row["Processing Lock"] for row in rows_of(sandbox))
    assert not beginning.opening.result().staging.exists()
    assert sandbox.ledger.entries(event="commit", service="eagle") == []


async def test_a_fetch_that_failed_is_tried_again_by_its_track(
    prefect_server, handed_down, sandbox_factory, rows_of
):
    """Given a fetch that SoundCloud's server broke, when the flow runs, then it is made anew."""
    sandbox = sandbox_factory(tracks=1)
    once = Aimed(fault=Fault.UNAVAILABLE, path="/resolve", times=1)
    sandbox.use_faults(soundcloud=SoundCloudPlan(aimed=(once,)))
    handed_down(sandbox)
    async with begin(job()):
        await is_fetched(sandbox, 1, "/resolve")
        state = await library_sync(return_state=True)
    assert (await state.aresult()).counts["processed"] == 1
    assert len(asked(sandbox, "/resolve")) == 2


async def test_a_fetch_of_a_row_that_turns_out_a_duplicate_is_dropped(
    prefect_server, handed_down, sandbox_factory
):
    """Given a new row of a track that another row has finished, when the flow runs, then what was
    fetched is gone, and Eagle is given nothing.
    """
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    track = database.world.soundcloud.catalogue.add_track("Glass Harbour", "Nova", seconds=5)
    database.add(Title="Glass Harbour", SoundCloud_URL=track.url, DL=True)
    database.add(Title="Glass Harbour", Artist_Name="Nova", SoundCloud_URL=track.url)
    handed_down(sandbox, ALONE)
    async with begin(job()) as beginning:
        await is_fetched(sandbox, 1)
        state = await library_sync(return_state=True)
        assert list((await beginning.opening).staging.iterdir()) == []
    assert (await state.aresult()).counts["skipped_duplicate"] == 1
    assert sandbox.ledger.entries(event="commit", service="eagle", kind="item.add") == []


async def test_a_batch_goes_on_in_the_listing_that_was_begun(
    prefect_server, handed_down, sandbox_factory
):
    """Given rows that were listed, when the flow runs, then its rows are not listed again."""
    sandbox = sandbox_factory(tracks=4)
    handed_down(sandbox)
    async with begin(job(in_rounds=True)):
        state = await batch_sync(return_state=True)
    assert (await state.aresult()).counts["processed"] == 4
    source = sandbox.world.tracks_source
    asked = sandbox.ledger.entries(
        event="request", service="notion", path=f"/v1/data_sources/{source}/query"
    )
    assert len([one for one in asked if one["method"] == "POST"]) == 1 + 1 + 2


async def test_a_dry_run_claims_nothing(prefect_server, handed_down, sandbox_factory):
    """Given a dry run, when it has a head start, then nothing is written."""
    sandbox = sandbox_factory(tracks=3)
    handed_down(sandbox)
    async with begin(job(workers=3, dry_run=True)):
        state = await library_sync(dry_run=True, return_state=True)
    assert (await state.aresult()).planned == 3
    assert sandbox.ledger.entries(event="commit") == []


async def test_rows_that_may_be_one_track_are_not_claimed_early(
    prefect_server, handed_down, sandbox_factory, rows_of
):
    """Given two new rows of one track and a third, then the third is begun, and one redirected."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    track = database.world.soundcloud.catalogue.add_track("Glass Harbour", "Nova", seconds=5)
    other = database.world.soundcloud.catalogue.add_track("Iron Island", "Vesper", seconds=5)
    for url in (track.url, f"{track.url}?in=nova/sets/one"):
        database.add(Title="Glass Harbour", Artist_Name="Nova", SoundCloud_URL=url)
    database.add(Title="Iron Island", Artist_Name="Vesper", SoundCloud_URL=other.url)
    handed_down(sandbox)
    async with begin(job(workers=3)):
        await is_fetched(sandbox, 1)
        locked = [row["Title"] for row in rows_of(sandbox) if row["Processing Lock"]]
        state = await library_sync(parallel=True, workers=3, return_state=True)
    counts = (await state.aresult()).counts
    assert locked == ["Iron Island"]
    assert (counts["processed"], counts["skipped_duplicate"]) == (2, 1)
