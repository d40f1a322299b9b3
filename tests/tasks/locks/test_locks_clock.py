"""Notion's time, told by answers to a machine whose own clocks step, stand still and are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tasks.locks.clock import NotionTime, SystemClock
from tasks.locks.timing import LockTiming

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Machine:
    """Two clocks of its own, and Notion's time; answers take a fifth of a second."""

    monotonic: float = 5000.0
    wall: float = 1e9
    true: float = NOON.timestamp()
    time: NotionTime = field(init=False)

    def __post_init__(self):
        self.time = NotionTime(lambda: self.monotonic, lambda: self.wall)

    def passes(self, seconds: float, *, counted: bool = True, wall: bool = True) -> None:
        self.true += seconds
        self.monotonic += seconds if counted else 0.0
        self.wall += seconds if wall else 0.0

    def hears(self, *, wrong_by: float = 0.0) -> None:
        asked = self.time.asking()
        self.passes(0.1)
        date = datetime.fromtimestamp(self.true // 1 + wrong_by, UTC)
        self.passes(0.1)
        self.time.heard(date, asked, received=self.monotonic)

    @property
    def error(self) -> float:
        """Seconds by which what is told differs from the truth, at its worst."""
        truth = datetime.fromtimestamp(self.true, UTC)
        off = [abs((told - truth).total_seconds()) for told in self.told]
        assert self.told[0] <= truth <= self.told[1] or max(off) > 10
        return max(off)

    @property
    def told(self) -> tuple[datetime, datetime]:
        return self.time.earliest(), self.time.latest()


@pytest.fixture
def machine():
    machine = Machine()
    for _ in range(3):
        machine.hears()
        machine.passes(7.3)
    return machine


def test_two_answers_that_agree_make_the_time_sure():
    machine = Machine()
    machine.hears()
    assert not machine.time.is_sure
    machine.hears()
    assert machine.time.is_sure
    assert machine.error < 1.5


def test_the_bounds_hold_the_true_time_for_hours_without_an_answer(machine):
    machine.passes(2 * 3600)
    assert machine.error < 6


@pytest.mark.parametrize("wrong_by", [301.0, -301.0, 86_400.0])
def test_one_wrong_date_is_not_believed(machine, wrong_by):
    machine.hears(wrong_by=wrong_by)
    assert machine.error < 1.5
    assert not machine.time.is_sure
    machine.hears()
    assert machine.time.is_sure


def test_a_wrong_first_date_is_replaced_by_two_right_ones():
    machine = Machine()
    machine.hears(wrong_by=301.0)
    machine.hears()
    assert not machine.time.is_sure
    machine.hears()
    assert machine.time.is_sure
    assert machine.error < 1.5


def test_answers_that_were_on_their_way_together_count_once(machine):
    """A burst of answers through one wrong proxy is one witness."""
    asked = machine.time.asking()
    machine.passes(0.2)
    for _ in range(8):
        wrong = datetime.fromtimestamp(machine.true + 301, UTC)
        machine.time.heard(wrong, asked, received=machine.monotonic)
    assert machine.error < 1.5


@pytest.mark.parametrize("step", [-60.0, 45.0, 3600.0])
def test_a_wall_clock_that_is_set_changes_no_time_and_asks_for_an_answer(machine, step):
    machine.wall += step
    assert machine.error < 1.5
    assert machine.time.is_in_doubt
    machine.hears()
    assert not machine.time.is_in_doubt
    assert machine.time.is_sure


def test_a_pause_the_monotonic_clock_did_not_count_is_noticed_and_learnt(machine):
    machine.passes(600, counted=False)
    assert machine.time.is_in_doubt
    machine.hears()
    assert machine.time.is_in_doubt
    machine.hears()
    assert machine.time.is_sure
    assert machine.error < 1.5


def test_an_answer_from_before_the_pause_clears_no_doubt(machine):
    asked = machine.time.asking()
    date = datetime.fromtimestamp(machine.true // 1, UTC)
    machine.passes(600, counted=False)
    machine.time.heard(date, asked, received=machine.monotonic)
    assert machine.time.is_in_doubt


def test_an_answer_that_is_read_late_widens_nothing(machine):
    """The process was stopped between the answer's coming and its reading."""
    asked = machine.time.asking()
    date = datetime.fromtimestamp(machine.true // 1, UTC)
    machine.passes(900)
    machine.time.heard(date, asked, received=machine.monotonic)
    assert machine.error < 3


def test_clocks_that_are_slewed_are_not_in_doubt(machine):
    for _ in range(100):
        machine.passes(60.0)
        machine.wall += 0.02
        machine.hears()
        assert not machine.time.is_in_doubt


async def test_a_clock_sleeps_no_shorter_than_told():
    clock = SystemClock(NotionTime())
    before = clock.monotonic()
    await clock.sleep(0.05)
    assert clock.monotonic() - before >= 0.05
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_pause_too_short_to_spoil_a_claim_is_the_only_one_that_goes_unnoticed(machine):
    """What W and an unnoticed pause are together is less than S."""
    timing = LockTiming()
    machine.passes(timing.settle - timing.write_bound - 0.05, counted=False)
    assert machine.time.partings == 1
    machine.passes(0.3, counted=False)
    assert machine.time.partings == 1


def test_a_process_put_aside_between_two_looks_has_not_seen_its_clocks_part():
    """On a busy machine half a second may lie between reading one clock and the other."""
    monotonic = iter((5.0, 5.0, 5.0, 5.6, 5.6, 5.6))
    wall = iter((1e9, 1e9 + 0.6, 1e9 + 0.6))
    assert NotionTime(lambda: next(monotonic), lambda: next(wall)).partings == 0
