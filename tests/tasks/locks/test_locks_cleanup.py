"""Cleanup on the simulation's virtual time: what it frees, and what it leaves."""

from __future__ import annotations

import logging
from datetime import timedelta
from random import Random

import pytest

from simulation.lock.faults import CALM
from simulation.lock.ledger import Ledger
from simulation.lock.loop import VirtualLoop
from simulation.lock.process import Process
from simulation.lock.themes import Work
from simulation.lock.world import EPOCH, Register, World
from tasks.locks.cleanup import clean_stale
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue

TIMING = LockTiming()
START = 7200.0


@pytest.fixture
def world():
    logging.disable(logging.CRITICAL)
    loop = VirtualLoop()
    loop.virtual_time = START
    yield World(loop, Random(1), TIMING, CALM, Work(), Ledger(loop.time))
    loop.close()
    logging.disable(logging.NOTSET)


def taken(seconds_ago: float, host: str = "elsewhere") -> str:
    taken_at = EPOCH + timedelta(seconds=START - seconds_ago)
    return str(LockValue(1, host, "a1b2c3d4", taken_at))


def rows(world: World, **locks: str) -> list:
    for page_id, lock in locks.items():
        world.registers[page_id] = Register(lock)
    return [world.row(page_id) for page_id in locks]


def clean(world: World, listed: list, **options):
    janitor = Process(world, "here")
    work = clean_stale(janitor, janitor, TIMING, janitor.owner, listed, **options)
    return world.loop.run_until_complete(work)


def locks(world: World) -> dict[str, str]:
    return {page_id: register.lock for page_id, register in world.registers.items()}


def test_expired_locks_are_cleared_and_live_ones_left(world):
    listed = rows(world, old=taken(1801), live=taken(1700), empty="")
    report = clean(world, listed)
    assert (report.cleared, report.live, report.contested) == (["old"], ["live"], [])
    assert locks(world) == {"old": "", "live": taken(1700), "empty": ""}
    assert report.still_locked == {taken(1700)}


def test_unparseable_values_are_cleared_where_nobody_edited_for_t(world):
    listed = rows(world, untouched="busy", edited="busy")
    world.registers["edited"].edited = START - 600
    listed = [world.row(page_id) for page_id in world.registers]
    report = clean(world, listed)
    assert (report.cleared, report.live) == (["untouched"], ["edited"])
    assert sorted(report.unparseable) == ["edited", "untouched"]


def test_tokens_of_the_dead_are_cleared_at_once_and_only_as_whole_strings(world):
    listed = rows(world, dead=taken(10), renewed=taken(9))
    report = clean(world, listed, dead={taken(10)})
    assert report.cleared == ["dead"]
    assert locks(world) == {"dead": "", "renewed": taken(9)}


def test_a_stale_listing_harms_no_holder(world):
    """Between listing and cleaning the row was taken by another."""
    listed = rows(world, row=taken(1801))
    world.registers["row"].lock = taken(5)
    report = clean(world, listed)
    assert report.contested == ["row"]
    assert locks(world) == {"row": taken(5)}


def test_a_dry_run_says_what_it_would_clear_and_writes_nothing(world):
    listed = rows(world, old=taken(1801), live=taken(3))
    report = clean(world, listed, dry_run=True)
    assert (report.cleared, report.live) == (["old"], ["live"])
    assert locks(world) == {"old": taken(1801), "live": taken(3)}
    assert report.still_locked == {taken(1801), taken(3)}


def test_all_pages_of_a_listing_are_cleaned_side_by_side(world):
    """300 rows, no cap, in a fraction of 300 times the settling time."""
    listed = rows(world, **{f"row-{number}": taken(1801) for number in range(300)})

    async def pages():
        for row in listed:
            yield row

    report = clean(world, pages())
    assert len(report.cleared) == 300
    assert not any(locks(world).values())
    assert world.loop.time() - START < 300 * TIMING.settle / 6
