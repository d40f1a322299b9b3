"""A claim, step by step, on the simulation's virtual time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from simulation.lock.faults import Fate
from simulation.lock.world import EPOCH, Register
from tasks.errors import NotionRefused
from tasks.locks.claim import Locked, Lost, NotWanted, Won
from tasks.locks.value import parse
from tests.tasks.locks.scene import REFUSED, TIMING, Here, failed, silent


class Busy(Here):
    """A machine whose requests take 0.15 s for each that is under way."""

    under_way = 0

    async def read(self, page_id, *, timeout=None):  # noqa: ASYNC109  (the port's)
        async with self._busy():
            return await super().read(page_id, timeout=timeout)

    async def write(self, page_id, lock, properties=None, *, timeout=None):  # noqa: ASYNC109  (as above)
        async with self._busy():
            return await super().write(page_id, lock, properties, timeout=timeout)

    @asynccontextmanager
    async def _busy(self):
        self.under_way += 1
        try:
            await self.sleep(0.15 * self.under_way)
            yield
        finally:
            self.under_way -= 1


def test_a_free_row_is_won_with_three_requests_and_settled_for_s(scene):
    lease = scene.run(scene.lease())
    assert scene.row.lock == lease.token == lease.row.lock
    assert (scene.here.reads, len(scene.here.sent)) == (2, 1)
    assert scene.loop.time() > TIMING.settle
    assert scene.here.tokens == {lease.token}
    assert lease.safe


def test_a_live_lock_stops_the_claim_before_it_writes(scene):
    scene.row.lock = scene.lock_of_another(seconds_ago=1799)
    outcome = scene.run(scene.claim())
    assert outcome == Locked("row", scene.row.lock)
    assert "process 1 on elsewhere" in str(outcome.error())
    assert not scene.here.sent


def test_an_own_earlier_attempt_counts_as_anybodys_lock(scene):
    scene.run(scene.lease())
    assert isinstance(scene.run(scene.claim()), Locked)


def test_an_expired_lock_is_taken_over(scene):
    scene.row.lock = scene.lock_of_another(seconds_ago=1801)
    lease = scene.run(scene.lease())
    assert scene.row.lock == lease.token


def test_a_wrong_clock_is_corrected_by_notions(scene):
    """A machine seven hours ahead neither takes a live lock nor writes a TIMESTAMP of its own."""
    scene.here._skew = 7 * 3600.0
    scene.row.lock = scene.lock_of_another(seconds_ago=60)
    assert isinstance(scene.run(scene.claim()), Locked)
    scene.row.lock = ""
    taken_at = parse(scene.run(scene.lease()).token).taken_at
    assert abs((taken_at - EPOCH).total_seconds() - scene.loop.time()) < 5


def test_a_row_that_is_not_wanted_is_left_alone(scene):
    outcome = scene.run(scene.claim(wanted=lambda row: row.page["properties"]["Result"] is None))
    assert isinstance(outcome, NotWanted)
    assert not scene.here.sent


def test_a_row_no_longer_wanted_when_it_is_won_is_released(scene):
    answers = iter((True, False))
    outcome = scene.run(scene.claim(wanted=lambda row: next(answers)))
    assert isinstance(outcome, NotWanted)
    assert scene.row.lock == ""
    assert not scene.here.tokens


def test_a_refused_write_begins_again_with_a_fresh_token(scene):
    scene.script.fates = [REFUSED]
    lease = scene.run(scene.lease())
    first, second = scene.here.sent
    assert second[0] - first[0] >= 2.0
    assert parse(first[1]).uuid != parse(second[1]).uuid
    assert scene.row.lock == lease.token == second[1]


def test_what_another_attempt_cannot_help_is_raised_at_once(scene):
    scene.script.fates = [Fate(None, NotionRefused("400"), 0.1)]
    with pytest.raises(NotionRefused):
        scene.run(scene.claim())
    assert len(scene.here.sent) == 1


def test_a_5xx_counts_if_a_read_shows_the_token_in_time(scene):
    scene.script.fates = [failed(lands=0.1)]
    lease = scene.run(scene.lease())
    assert scene.row.lock == lease.token
    assert scene.here.reads == 3


@pytest.mark.parametrize("fate", [silent(lands=0.1), failed(lands=5.0), Fate(2.45)])
def test_a_token_not_proven_in_time_is_lost_and_left_alone(scene, fate):
    """Silence, a 5xx whose write lands later, an answer after W: none is ever cleared."""
    scene.script.fates = [fate]
    outcome = scene.run(scene.claim())
    assert isinstance(outcome, Lost)
    scene.run(scene.here.sleep(60))
    assert scene.row.lock == outcome.token == scene.here.sent[0][1]
    assert len(scene.here.sent) == 1
    assert not scene.here.tokens


def test_nothing_is_written_after_a_slow_read_and_the_row_is_looked_at_again(scene):
    """On a busy machine the write would be late as well, and its text in everybody's way."""
    ways = iter((0.5, 0.5, 1.5, 1.5))
    scene.script.one_way = lambda _: next(ways, 0.1)
    lease = scene.run(scene.lease(proof_later=True))
    assert scene.row.lock == lease.token
    assert (scene.here.reads, len(scene.here.sent)) == (3, 1)


def test_a_row_that_is_shown_slowly_again_and_again_is_left_free(scene):
    scene.script.one_way = lambda _: 0.7
    assert isinstance(scene.run(scene.claim()), Lost)
    assert scene.row.lock == ""
    assert not scene.here.sent


def test_a_network_that_is_always_slow_still_claims(scene):
    scene.script.one_way, scene.script.fates = (lambda _: 0.6), [Fate(0.6)]
    lease = scene.run(scene.lease(proof_later=True))
    assert scene.row.lock == lease.token


def test_twenty_claims_at_once_on_a_busy_machine_all_come_in_time(scene):
    """Each request takes as long as there are others: all at once, every text would be late."""
    scene.here = here = Busy(scene.world)
    rows = [f"row {number}" for number in range(20)]
    scene.world.registers |= {row: Register() for row in rows}

    async def claims():
        return await asyncio.gather(
            *(here.locks.claim(row, lambda _: True, proof_later=True) for row in rows)
        )

    outcomes = scene.run(claims())
    assert [type(outcome) for outcome in outcomes] == [Won] * 20


def test_a_row_overwritten_while_it_settles_is_lost_to_the_other(scene):
    other = scene.lock_of_another()
    scene.loop.call_later(2.0, setattr, scene.row, "lock", other)
    assert isinstance(scene.run(scene.claim()), Lost)
    assert scene.row.lock == other


def test_a_claim_cancelled_while_it_settles_frees_the_row(scene):
    async def cancelled():
        job = asyncio.ensure_future(scene.claim())
        await asyncio.sleep(1.5)
        assert scene.row.lock
        job.cancel()
        await asyncio.wait({job})
        return job.cancelled()

    assert scene.run(cancelled())
    assert scene.row.lock == ""
    assert scene.loop.time() < 20
