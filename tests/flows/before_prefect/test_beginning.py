"""What a run does while Prefect is imported: the rows it takes over, and those it gives back."""

from __future__ import annotations

import asyncio

import pytest

from flows.batch_sync import batch_sync
from flows.before_prefect.beginning import begin
from flows.library_sync import library_sync
from flows.session.opening import SessionOptions, session_options
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


async def test_the_flow_takes_over_what_was_begun(
    prefect_server, handed_down, sandbox_factory, rows_of
):
    """Given claims that were begun, when the flow runs, then each row was claimed once."""
    sandbox = sandbox_factory(tracks=5)
    handed_down(sandbox)
    async with begin(job(workers=2)):
        await is_locked(rows_of, sandbox, 2)
        state = await library_sync(parallel=True, workers=2, return_state=True)
    summary = await state.aresult()

    assert summary.counts["processed"] == 5
    writes = sandbox.ledger.entries(event="commit", service="notion", kind="page.update")
    assert len(writes) == 2 * 5
    listings = sandbox.ledger.entries(event="request", service="eagle", path="/api/item/list")
    assert len(listings) == 1
    assert not any(row["Processing Lock"] for row in rows_of(sandbox))


async def test_a_run_that_does_not_start_frees_its_rows(
    prefect_server, handed_down, sandbox_factory, rows_of
):
    """Given claims that were begun, when no flow takes them, then the rows are free again."""
    sandbox = sandbox_factory(tracks=5)
    handed_down(sandbox)
    async with begin(job(workers=3)):
        await is_locked(rows_of, sandbox, 3)
    assert not any(row["Processing Lock"] for row in rows_of(sandbox))


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


async def test_a_duplicate_that_was_claimed_is_redirected(
    prefect_server, handed_down, sandbox_factory
):
    """Given two new rows of one track, both claimed, when the flow runs, then one is redirected."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    track = database.world.soundcloud.catalogue.add_track("Glass Harbour", "Nova", seconds=5)
    for _ in range(2):
        database.add(Title="Glass Harbour", Artist_Name="Nova", SoundCloud_URL=track.url)
    handed_down(sandbox, ALONE)
    async with begin(job(workers=2)):
        state = await library_sync(parallel=True, workers=2, return_state=True)
    summary = await state.aresult()
    assert summary.counts["processed"] == summary.counts["skipped_duplicate"] == 1
