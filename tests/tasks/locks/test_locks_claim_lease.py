"""Claim and lease, step by step, on the simulation's virtual time with scripted answers."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from random import Random

import pytest

from simulation.lock.faults import Fate
from simulation.lock.ledger import Ledger
from simulation.lock.loop import VirtualLoop
from simulation.lock.process import Process
from simulation.lock.themes import Work
from simulation.lock.world import EPOCH, Register, World
from tasks.errors import (
    ClaimLost,
    ConfigurationError,
    LeaseLost,
    NotionRateLimited,
    NotionRefused,
    NotionUnavailable,
    RowChanged,
    WriteNotVerified,
)
from tasks.locks.claim import Locked, Lost, NotWanted, Won
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue, parse

TIMING = LockTiming()
ANSWERED = Fate(0.1)
REFUSED = Fate(None, NotionRateLimited("429", retry_after=2.0), 0.1)
RESULT = {"Result": {"number": 7}}


def silent(*, lands: float | None) -> Fate:
    return Fate(lands, NotionUnavailable("no answer", maybe_applied=True), None)


def failed(*, lands: float | None) -> Fate:
    return Fate(lands, NotionUnavailable("503", maybe_applied=True), 0.2)


class Script:
    """Faults as told: the fates of the writes, in turn; what is not told goes well."""

    failed_reads = permit_waits = stops = stops_before_sending = kills = 0.0
    wall_steps = wrong_dates = wrong_dates_by = uncounted = 0.0

    def __init__(self) -> None:
        self.fates: list[Fate] = []

    def one_way(self, _: Random) -> float:
        return 0.1

    def fate(self, *_: object, latest: float) -> Fate:
        return self.fates.pop(0) if self.fates else ANSWERED


class Here(Process):
    """A process whose requests are kept: (seconds, lock, properties) of each write."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "here")
        self.sent: list[tuple[float, str, object]] = []
        self.reads = 0

    async def read(self, page_id, *, timeout=None):  # noqa: ASYNC109  (the port's)
        self.reads += 1
        return await super().read(page_id, timeout=timeout)

    async def write(self, page_id, lock, properties=None, *, timeout=None):  # noqa: ASYNC109  (as above)
        self.sent.append((self.world.loop.time(), lock, properties))
        return await super().write(page_id, lock, properties, timeout=timeout)

    @property
    def tokens(self) -> set[str]:
        return set(self.world.tokens("here")[self])


class Scene:
    """One row, one process, virtual time."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.script = Script()
        ledger = Ledger(self.loop.time)
        self.world = World(self.loop, Random(1), TIMING, self.script, Work(), ledger)
        self.row = self.world.registers["row"] = Register()
        self.here = Here(self.world)

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def claim(self, *, wanted=lambda row: True, proof_later=False):
        return await self.here.locks.claim("row", wanted, proof_later=proof_later)

    async def lease(self, **options):
        outcome = await self.claim(**options)
        assert isinstance(outcome, Won)
        return outcome.lease

    def lock_of_another(self, *, seconds_ago: float = 0.0) -> str:
        taken_at = EPOCH.timestamp() + self.loop.time() - seconds_ago
        value = LockValue(1, "elsewhere", "a1b2c3d4", EPOCH.fromtimestamp(taken_at, EPOCH.tzinfo))
        return str(value)


@pytest.fixture
def scene():
    logging.disable(logging.CRITICAL)
    scene = Scene()
    yield scene
    logging.disable(logging.NOTSET)
    scene.loop.close()
    assert not scene.loop.errors


# ---- claim


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


# ---- a claim whose proof is left for later


def test_work_may_begin_before_the_proof_and_the_proof_shows_the_row_as_it_is_then(scene):
    lease = scene.run(scene.lease(proof_later=True))
    assert scene.loop.time() < TIMING.settle
    assert scene.here.reads == 1
    scene.run(scene.here.sleep(90))
    scene.row.result = 5
    row = scene.run(lease.proven())
    assert row.page["properties"]["Result"] == {"number": 5}
    assert scene.run(lease.proven()) is lease.row is row
    assert scene.here.reads == 2


def test_a_proof_is_not_taken_before_the_row_has_settled(scene):
    lease = scene.run(scene.lease(proof_later=True))
    scene.run(lease.proven())
    assert scene.loop.time() > TIMING.settle


def test_nothing_is_begun_or_written_for_a_claim_that_another_has_overwritten(scene):
    lease = scene.run(scene.lease(proof_later=True))
    other = scene.row.lock = scene.lock_of_another()
    for step in (lease.begin(5.0), lease.finish(RESULT), lease.proven()):
        with pytest.raises(ClaimLost):
            scene.run(step)
    assert not scene.run(lease.release())
    assert scene.row.lock == other
    assert len(scene.here.sent) == 1
    assert not scene.here.tokens


def test_a_proof_that_could_not_be_read_is_asked_for_again(scene):
    lease = scene.run(scene.lease(proof_later=True))
    scene.script.failed_reads = 1.0
    with pytest.raises(NotionUnavailable):
        scene.run(lease.proven())
    scene.script.failed_reads = 0.0
    assert scene.run(lease.proven()).lock == lease.token


def test_a_claim_that_nobody_needs_any_more_is_proven_and_then_freed(scene):
    lease = scene.run(scene.lease(proof_later=True))
    assert scene.run(lease.release())
    assert scene.row.lock == ""
    assert not scene.here.tokens


def test_a_row_finished_by_hand_during_the_download_is_not_worked_on(scene):
    answers = iter((True, False))
    lease = scene.run(scene.lease(wanted=lambda row: next(answers), proof_later=True))
    with pytest.raises(RowChanged):
        scene.run(lease.proven())
    assert scene.run(lease.release())


def test_a_claim_is_proven_before_it_is_renewed(scene):
    async def long_download():
        lease = await scene.lease(proof_later=True)
        async with lease.kept():
            await scene.here.sleep(TIMING.renew_every + 5)
            return scene.here.reads, lease.token != scene.here.sent[0][1]

    assert scene.run(long_download()) == (2, True)


@pytest.mark.parametrize(
    ("elsewhere", "said"), [(True, "process 1 on elsewhere"), (False, "nobody")]
)
def test_work_on_a_claim_that_another_won_ends_at_the_first_renewal(scene, caplog, elsewhere, said):
    """One look, one line that says who has the row, and the download is stopped."""

    async def long_download():
        lease = await scene.lease(proof_later=True)
        scene.row.lock = scene.lock_of_another() if elsewhere else ""
        try:
            async with lease.kept():
                await scene.here.sleep(10_000)
        finally:
            assert not await lease.release()

    logging.disable(logging.NOTSET)
    with pytest.raises(ClaimLost, match=said):
        scene.run(long_download())
    assert scene.loop.time() < TIMING.renew_every + 10
    assert [said in line for line in caplog.messages] == [True]
    assert (scene.here.reads, len(scene.here.sent)) == (2, 1)
    assert not scene.here.tokens


def test_a_person_who_stops_the_work_as_it_is_lost_is_heard(scene):
    async def long_download():
        lease = await scene.lease(proof_later=True)
        scene.row.lock = scene.lock_of_another()
        async with lease.kept():
            try:
                await scene.here.sleep(10_000)
            except asyncio.CancelledError:
                await scene.here.sleep(5)  # the files are put away
                raise

    async def cancelled():
        job = asyncio.ensure_future(long_download())
        await asyncio.sleep(TIMING.renew_every + 3)
        job.cancel()
        await asyncio.wait({job})
        return job.cancelled()

    assert scene.run(cancelled())


def test_a_claims_token_is_on_record_once_it_has_landed_in_time(scene):
    """Killed during its download a process leaves a lock that is freed at once."""
    lease = scene.run(scene.lease(proof_later=True))
    assert scene.here.tokens == {lease.token}


@pytest.mark.parametrize("is_thrown_away", [True, False])
def test_a_row_thrown_away_before_its_claim_is_written_is_not_wanted(scene, is_thrown_away):
    """Notion refuses to change it; any other refusal is told."""
    scene.script.fates = [Fate(None, NotionRefused("400"), 0.1)]
    looks = iter((True, not is_thrown_away))
    claiming = scene.claim(wanted=lambda row: next(looks))
    if is_thrown_away:
        assert isinstance(scene.run(claiming), NotWanted)
    else:
        with pytest.raises(NotionRefused):
            scene.run(claiming)
    assert not scene.here.tokens


def test_a_row_thrown_away_under_the_work_is_not_asked_to_be_free_again_and_again(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [Fate(None, NotionRefused("400"), 0.1)] * 3
        return await lease.release()

    assert not scene.run(work())
    assert len(scene.here.sent) == 2


# ---- lease


def test_the_lock_is_renewed_with_the_same_uuid_as_long_as_the_work_takes(scene):
    async def long_work():
        lease = await scene.lease()
        claimed = parse(lease.token)
        async with lease.kept():
            await scene.here.sleep(3 * 3600)
            lease.require_safe()
        return claimed, parse(lease.token), lease

    claimed, renewed, lease = scene.run(long_work())
    assert renewed.uuid == claimed.uuid
    assert (renewed.taken_at - claimed.taken_at).total_seconds() > 2.8 * 3600
    assert scene.here.tokens == {lease.token}
    assert 17 <= len(scene.here.sent) - 1 <= 18


def test_work_is_stopped_before_a_lease_that_cannot_be_renewed_ends(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [failed(lands=None)] * 100
        with pytest.raises(LeaseLost):
            async with lease.kept():
                await scene.here.sleep(3600)
        stopped = scene.loop.time()
        with pytest.raises(LeaseLost):
            await lease.finish(RESULT)
        assert not await lease.release()
        return stopped

    stopped = scene.run(work())
    assert stopped < TIMING.timeout - 2 * TIMING.landing
    assert scene.row.lock == scene.here.sent[0][1]
    assert scene.row.result is None
    assert all(lock for _, lock, _ in scene.here.sent)


def test_a_renewal_puts_a_hidden_token_back(scene):
    async def work():
        lease = await scene.lease()
        scene.row.lock = scene.lock_of_another()
        async with lease.kept():
            await scene.here.sleep(TIMING.renew_every + 5)
        return lease

    lease = scene.run(work())
    assert scene.row.lock == lease.token


def test_a_cancelled_user_is_not_told_of_a_lost_lease(scene):
    async def work():
        lease = await scene.lease()
        async with lease.kept():
            await scene.here.sleep(100)

    async def cancelled():
        job = asyncio.ensure_future(work())
        await asyncio.sleep(10)
        job.cancel()
        await asyncio.wait({job})
        return job.cancelled()

    assert scene.run(cancelled())


def test_results_and_release_are_one_write(scene):
    async def work():
        lease = await scene.lease()
        row = await lease.finish(RESULT)
        assert await lease.release()
        return row

    row = scene.run(work())
    assert (scene.row.lock, scene.row.result) == ("", 7)
    assert (row.lock, row.page["properties"]["Result"]["number"]) == ("", 7)
    assert [(lock, given) for _, lock, given in scene.here.sent[1:]] == [("", RESULT)]
    assert not scene.here.tokens


@pytest.mark.parametrize("fate", [silent(lands=0.1), failed(lands=40.0)])
def test_results_that_landed_without_an_answer_are_not_repeated(scene, fate):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [fate]
        return await lease.finish(RESULT)

    assert scene.run(work()).lock == ""
    assert scene.row.result == 7
    assert len(scene.here.sent) == 2


def test_results_that_never_landed_are_repeated_after_m(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [failed(lands=None)]
        await lease.finish(RESULT)

    scene.run(work())
    (_, first, second) = scene.here.sent
    assert second[0] - first[0] >= TIMING.landing
    assert (scene.row.lock, scene.row.result) == ("", 7)


def test_results_are_not_repeated_over_anybody_elses_lock(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [failed(lands=None)]
        scene.loop.call_later(5, setattr, scene.row, "lock", scene.lock_of_another())
        await lease.finish(RESULT)

    with pytest.raises(WriteNotVerified):
        scene.run(work())
    assert len(scene.here.sent) == 2


def test_results_are_not_repeated_over_a_renewal_of_ours_that_landed_late(scene):
    """It may hide a new holder; only the last acknowledged token, as a whole, is ours."""

    async def work():
        lease = await scene.lease()
        scene.script.fates = [failed(lands=30.0), failed(lands=0.1)]
        async with lease.kept():
            await scene.here.sleep(TIMING.renew_every + 1)
        return await lease.finish(RESULT)

    row = scene.run(work())
    assert row.lock == scene.here.sent[1][1]
    assert row.page["properties"]["Result"]["number"] == 7
    assert len(scene.here.sent) == 3


def test_a_refused_result_is_tried_again_while_the_lease_lasts(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [REFUSED, REFUSED, REFUSED]
        await lease.finish(RESULT)

    scene.run(work())
    assert (scene.row.lock, scene.row.result) == ("", 7)


def test_a_lease_whose_result_was_refused_is_still_timed(scene):
    async def work():
        lease = await scene.lease()
        async with lease.kept():
            scene.script.fates = [Fate(None, NotionRefused("400"), 0.1)]
            with pytest.raises(NotionRefused):
                await lease.finish(RESULT)
            scene.script.fates = [failed(lands=None)] * 100
            await scene.here.sleep(3600)

    with pytest.raises(LeaseLost):
        scene.run(work())
    assert scene.loop.time() < TIMING.timeout


def test_a_result_notion_does_not_take_leaves_the_lease_open_for_the_failure(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [Fate(None, NotionRefused("400"), 0.1)]
        with pytest.raises(NotionRefused):
            await lease.finish(RESULT)
        assert scene.here.tokens == {lease.token}
        await lease.finish({"Result": {"number": -1}})

    scene.run(work())
    assert (scene.row.lock, scene.row.result) == ("", -1)


def test_the_token_is_off_the_record_before_the_release_is_sent(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [silent(lands=50.0)]
        with suppress(asyncio.CancelledError):
            job = asyncio.ensure_future(lease.finish(RESULT))
            await asyncio.sleep(1)
            assert not scene.here.tokens
            job.cancel()
            await job

    scene.run(work())


@pytest.mark.parametrize("strokes", [1, 3])
def test_cancelled_work_frees_its_row_within_20_seconds(scene, strokes):
    """Ctrl-C once, and impatiently three times."""

    async def work():
        lease = await scene.lease()
        try:
            async with lease.kept():
                await scene.here.sleep(1000)
        finally:
            await lease.release()

    async def cancelled():
        job = asyncio.ensure_future(work())
        await asyncio.sleep(100)
        scene.script.fates = [REFUSED]
        for _ in range(strokes):
            job.cancel()
            await asyncio.sleep(0.05)
        await asyncio.wait({job})

    scene.run(cancelled())
    assert scene.row.lock == ""
    assert scene.loop.time() < 120


def test_results_on_their_way_are_seen_through_when_the_user_cancels(scene):
    async def cancelled():
        lease = await scene.lease()
        job = asyncio.ensure_future(lease.finish(RESULT))
        await asyncio.sleep(0.05)
        job.cancel()
        await asyncio.wait({job})
        return job.cancelled(), await lease.release()

    assert scene.run(cancelled()) == (True, True)
    assert (scene.row.lock, scene.row.result) == ("", 7)


def test_a_release_without_an_answer_is_left_to_expire(scene):
    async def work():
        lease = await scene.lease()
        scene.script.fates = [failed(lands=None)]
        return await lease.release(), await lease.release()

    assert scene.run(work()) == (False, False)
    assert len(scene.here.sent) == 2


def test_a_stopped_process_writes_nothing_when_it_goes_on_after_its_lease(scene):
    """SIGSTOP for an hour in the middle of the work: neither step, result, renewal nor release."""

    async def work():
        lease = await scene.lease()
        try:
            async with lease.kept():
                scene.here._stop(3600)
                await scene.here.sleep(1)
                lease.require_safe()
            await lease.finish(RESULT)
        finally:
            await lease.release()

    with pytest.raises(LeaseLost):
        scene.run(work())
    assert len(scene.here.sent) == 1


def test_results_wait_for_a_renewal_on_its_way(scene):
    """Else the two could land in the wrong order, and the row would be locked again."""

    async def work():
        lease = await scene.lease()
        scene.script.fates = [Fate(3.0)]
        async with lease.kept():
            await scene.here.sleep(TIMING.renew_every + 1)
            await lease.finish(RESULT)

    scene.run(work())
    renewal, last = scene.here.sent[1:]
    assert last[0] - renewal[0] >= 3.0
    assert (scene.row.lock, scene.row.result) == ("", 7)


# ---- a step that cannot be taken back, and may take long


def test_a_row_is_not_released_while_a_step_is_under_way(scene):
    """Who comes next would not find in Eagle yet what was asked for."""

    async def cancelled():
        lease = await scene.lease()
        with suppress(asyncio.CancelledError):
            async with lease.kept():
                await lease.begin(60.0)
                raise asyncio.CancelledError
        await lease.release()
        return lease

    lease = scene.run(cancelled())
    assert scene.row.lock == lease.token
    assert scene.world.tokens("here")[scene.here][lease.token] > scene.loop.time()
    scene.here.dead = True
    assert lease.token not in scene.world.dead_tokens("here")
    scene.run(asyncio.sleep(60))
    assert lease.token in scene.world.dead_tokens("here")


def test_a_row_is_released_once_the_step_is_over_or_nearly_so(scene):
    async def work(seconds):
        lease = await scene.lease()
        async with lease.kept():
            await lease.begin(seconds)
            if seconds > 10:
                lease.over()
        began = scene.loop.time()
        await lease.release()
        return scene.loop.time() - began

    assert scene.run(work(60.0)) < 1.0
    assert scene.row.lock == ""
    assert scene.run(work(5.0)) == pytest.approx(5.0, abs=0.5)
    assert scene.row.lock == ""


def test_a_failure_is_written_once_the_step_is_over(scene):
    async def failing():
        lease = await scene.lease()
        async with lease.kept():
            await lease.begin(100.0)
            await lease.finish(RESULT)
        return scene.here.sent[-1][0]

    assert scene.run(failing()) >= 100.0
    assert (scene.row.lock, scene.row.result) == ("", 7)


def test_a_long_step_begins_only_if_the_lease_lasts_as_long(scene):
    """A large file: Eagle may take longer than the margin before the lease ends."""

    async def late(seconds):
        lease = await scene.lease()
        await scene.here.sleep(1200.0)
        await lease.begin(seconds)
        return lease.token

    assert scene.run(late(300.0)) == scene.row.lock
    assert len(scene.here.sent) == 1
    scene.row.lock = ""
    assert scene.run(late(800.0)) == scene.row.lock
    assert len(scene.here.sent) == 3
    scene.row.lock = ""
    with pytest.raises(ConfigurationError, match="2000 s") as caught:
        scene.run(late(2000.0))
    assert "PROCESS_LOCK_TIMEOUT_MINUTES to 3" in caught.value.remedy


def test_a_long_step_waits_for_no_renewal_that_fails(scene):
    async def late():
        lease = await scene.lease()
        await scene.here.sleep(1200.0)
        scene.script.fates = [failed(lands=None)]
        await lease.begin(800.0)

    with pytest.raises(LeaseLost, match="sure to last"):
        scene.run(late())


# ---- clocks


@pytest.mark.parametrize("step", [-90.0, 3600.0])
def test_a_wall_clock_that_is_set_costs_one_read_and_no_lease(scene, step):
    async def work():
        lease = await scene.lease()
        reads = scene.here.reads
        scene.here.clocks._skew += step
        await lease.begin(0.0)
        assert scene.here.reads == reads + 1
        lease.over()
        await lease.finish(RESULT)

    scene.run(work())
    assert scene.row.result == 7


def test_a_virtual_machine_paused_for_hours_writes_nothing_to_anybodys_row(scene):
    """Its monotonic clock did not count the pause; the wall clock did, and says so."""

    async def work():
        lease = await scene.lease()
        async with lease.kept():
            scene.script.uncounted = 1.0
            scene.here._stop(4000.0)
            await scene.here.sleep(1.0)
            scene.row.lock = scene.lock_of_another()
            with pytest.raises(LeaseLost, match="process 1 on elsewhere"):
                await lease.begin(0.0)
            raise RuntimeError

    sent = len(scene.here.sent)
    with pytest.raises(RuntimeError):
        scene.run(work())
    assert len(scene.here.sent) == sent + 1
    assert "elsewhere" in scene.row.lock


def test_one_wrong_date_takes_over_no_live_lock(scene):
    scene.row.lock = scene.lock_of_another(seconds_ago=600)
    scene.script.wrong_dates, scene.script.wrong_dates_by = 1.0, 100_000.0
    assert isinstance(scene.run(scene.claim()), Locked)
    assert not scene.here.sent


def test_a_lock_is_taken_over_only_by_a_time_that_nothing_contradicts(scene):
    scene.row.lock = scene.lock_of_another(seconds_ago=4000)
    scene.script.wrong_dates, scene.script.wrong_dates_by = 1.0, 3600.0
    assert isinstance(scene.run(scene.claim()), Locked)
    scene.script.wrong_dates = 0.0
    assert isinstance(scene.run(scene.claim()), Won)
