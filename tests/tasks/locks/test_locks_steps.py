"""Long steps that cannot be taken back; clocks that are set, machines that stood still."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tasks.errors import LeaseLost, LockTooShort, TakenOver
from tasks.locks.claim import Locked, Won
from tests.tasks.locks.scene import RESULT, failed


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
    with pytest.raises(LockTooShort, match="2000 s") as caught:
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
            with pytest.raises(TakenOver, match="process 1 on elsewhere"):
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
