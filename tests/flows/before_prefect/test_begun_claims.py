"""What was begun before Prefect comes first, counts, and is never forgotten."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count
from time import monotonic

import pytest

from flows.before_prefect.beginning import begin
from flows.library_sync import library_sync
from flows.rows.filtering import wanted_rows
from flows.session.early_fetch import EarlyFetch
from flows.session.head_start import HeadStart
from flows.session.opening import SessionOptions, open_session, session_options
from sandbox.builders import short_tracks
from sandbox.faults import Aimed, Fault, NotionPlan
from tasks.facts import source_of
from tasks.locks.claim import Won
from tasks.locks.order import machine_name, own_part_first
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue
from tasks.soundcloud.address import parse_address
from tasks.tracks import TrackFilter
from tests.flows.before_prefect.jobs import job
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, types
from tests.timing import ALONE, SETTLING


def hand_down(sandbox, timing=ALONE) -> None:
    session_options.set(SessionOptions(settings=settings_of(sandbox), timing=timing))


async def until(holds) -> None:
    """Return once `holds()`."""
    for _ in range(600):
        if await asyncio.to_thread(holds):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never came to that")


def locked(rows_of, sandbox) -> list[str]:
    """The ids of the rows that show a lock."""
    return [row["id"] for row in rows_of(sandbox) if row["Processing Lock"]]


async def test_they_come_first_where_another_machine_is_at_work(
    prefect_server, sandbox_factory, rows_of
):
    """Given a machine to whose part the first row belongs, when that row is claimed before it is
    known, then it is not kept for the run's end: nobody would renew its claim.
    """
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    tracks = database.world.soundcloud.catalogue
    pages = [
        database.add(Title=title, SoundCloud_URL=tracks.add_track(title, "Nova", seconds=5).url)
        for title in ("Glass Harbour", "Iron Island", "Late Train")
    ]
    hand_down(sandbox)
    async with begin(job()) as beginning:
        await until(lambda: pages[0] in locked(rows_of, sandbox))
        owner = (await beginning.opening).locks.owner
        us = machine_name(owner.host, owner.pid)
        pid = next(
            pid
            for pid in count(1)
            if own_part_first(pages, us, {machine_name("other", pid)})[-1] == pages[0]
        )
        other = LockValue(pid, "other", "a1b2c3d4", datetime.now(UTC).replace(microsecond=0))
        theirs = "https://soundcloud.com/a/theirs"
        database.add(Title="Theirs", SoundCloud_URL=theirs, Processing_Lock=str(other))
        await beginning.head.take_clearing()  # it may have looked before
        state = await library_sync(return_state=True)
    assert (await state.aresult()).counts["processed"] == 3
    released = [
        entry["page_id"]
        for entry in sandbox.ledger.entries(event="commit", service="notion", kind="page.update")
        if entry["properties"].get("Processing Lock") == ""
    ]
    assert released.index(pages[0]) < 2  # it and the row claimed beside it may change places


async def test_what_waits_for_long_is_given_back_while_it_is_ours(
    prefect_server, sandbox_factory, rows_of, monkeypatch: pytest.MonkeyPatch
):
    """Given a run that is long at other work, when renewals are due, then its rows are free, and
    claimed anew by their tracks.
    """
    sandbox = sandbox_factory(build=short_tracks(2))
    hand_down(sandbox)
    monkeypatch.setattr(LockTiming, "renew_every", property(lambda _: 2.0))
    async with begin(job(workers=2)) as beginning:
        await until(lambda: len(locked(rows_of, sandbox)) == 2)
        await until(lambda: not locked(rows_of, sandbox))
        assert list((await beginning.opening).staging.iterdir()) == []
        state = await library_sync(parallel=True, workers=2, return_state=True)
    assert (await state.aresult()).counts["processed"] == 2


async def test_a_track_that_is_stopped_as_its_claim_is_won(sandbox_factory, rows_of):
    """Given a stop in the very moment in which the claim comes, then the row is freed."""
    sandbox = sandbox_factory(build=short_tracks(1))
    hand_down(sandbox)
    (row,) = rows_of(sandbox)
    head = HeadStart()
    async with open_session() as run:

        async def claim_and_stop():
            outcome = await run.connections.locks.claim(row["id"], lambda _: True, proof_later=True)
            assert isinstance(outcome, Won)
            taking.cancel()
            return outcome

        head.claim(row["id"], claim_and_stop())
        taking = asyncio.ensure_future(head.take(row["id"]))
        with pytest.raises(asyncio.CancelledError):
            await taking
        assert locked(rows_of, sandbox)
        await head.end()
    assert not locked(rows_of, sandbox)


async def test_a_claim_that_waits_for_notion_does_not_hold_up_a_stop(sandbox_factory, rows_of):
    """Given a Notion that asks for patience, when the run is stopped, then nobody waits for it."""
    sandbox = sandbox_factory(build=short_tracks(1))
    refused = Aimed(fault=Fault.RATE_LIMITED, method="GET", path="/pages/", times=9)
    sandbox.use_faults(notion=NotionPlan(aimed=(refused,), retry_after_seconds=(30.0, 30.0)))
    hand_down(sandbox, SETTLING)
    asked = {"event": "request", "service": "notion", "fault": "rate_limited"}
    async with begin(job()):
        await until(lambda: bool(sandbox.ledger.entries(**asked)))
        began = monotonic()
    assert monotonic() - began < 10.0
    assert not locked(rows_of, sandbox)


async def test_what_arrived_before_its_track_began_counts(sandbox_factory):
    """Given a recording that is there already, when its track takes it over, then its bytes are
    the run's; no track takes another song's, and nobody takes it twice.
    """
    sandbox = sandbox_factory(build=short_tracks(1))
    hand_down(sandbox)
    async with open_session() as run:
        (row,) = [row async for row in wanted_rows(run.connections, TrackFilter.ALL)]
        address = source_of(row, run.connections.hosts)
        fetch = EarlyFetch(run.connections, row, address)
        run.state.head_start.fetch(row.page_id, fetch)
        other = parse_address("https://soundcloud.com/nova/another-song")
        assert run.state.head_start.fetching(row.page_id, other) is None
        assert run.state.head_start.fetching(row.page_id, address) is fetch
        await until(lambda: any(run.connections.staging.rglob("*.aiff")))
        with run.state.transfers.watch(row.page_id) as note:
            assert (await fetch.take(note)).soundcloud_id
        assert fetch.take(None) is None
        await run.state.head_start.forget(row.page_id)
        assert run.state.transfers.megabytes() > 0
        assert list(run.connections.staging.iterdir()) == []
