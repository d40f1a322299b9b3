"""Times under which the lock is safe, and the machine's clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from simulation.scaled import scaled_timing
from tasks.errors import ConfigurationError
from tasks.locks.clock import NotionTime, SystemClock
from tasks.locks.ports import Owner
from tasks.locks.timing import LockTiming
from tasks.locks.value import parse


@pytest.mark.parametrize(
    "times",
    [
        {"timeout": 299.0},
        {"settle": 2.5},
        {"settle": 2.0},
        {"write_bound": 0.0},
        {"landing": 200.0, "timeout": 300.0},
    ],
)
def test_unsafe_times_are_refused(times):
    with pytest.raises(ConfigurationError):
        LockTiming(**times)


def test_five_minutes_are_enough():
    timing = LockTiming(timeout=300.0)
    assert timing.renew_every < timing.timeout - timing.margin


def test_scaled_times_keep_their_proportions():
    timing = scaled_timing(0.01)
    assert timing.settle / timing.write_bound == pytest.approx(3.0 / 2.5)
    assert timing.timeout == pytest.approx(3.0)


async def test_the_clock_goes_on_while_the_machine_sleeps():
    """CLOCK_BOOTTIME or its like: never behind time.monotonic since boot."""
    clock = SystemClock(NotionTime())
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert clock.monotonic() == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=1)
    before = clock.monotonic()
    await asyncio.sleep(0.01)
    assert clock.monotonic() > before


def test_this_process_signs_with_its_pid_and_a_fresh_uuid():
    owner = Owner.this_process(log=None)
    now = datetime.now(UTC)
    first, second = owner.attempt(now), owner.attempt(now)
    assert first.uuid != second.uuid
    assert parse(str(first)) == first
