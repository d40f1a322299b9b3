"""A lease from its claim to its last write, on the simulation's virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from simulation.lock.faults import Fate
from tasks.errors import LeaseLost, NotionRefused, WriteNotVerified
from tasks.locks.value import parse
from tests.tasks.locks.scene import REFUSED, RESULT, TIMING, failed, silent


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
