"""A claim whose proof is left for later."""

from __future__ import annotations

import asyncio
import logging

import pytest

from simulation.lock.faults import Fate
from tasks.errors import ClaimLost, NotionRefused, NotionUnavailable, RowChanged
from tasks.locks.claim import NotWanted
from tests.tasks.locks.scene import RESULT, TIMING


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
