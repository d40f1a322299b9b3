"""The sliding window and the circuit breaker, by a clock that a test moves."""

import asyncio

import pytest

from tasks.errors import SourceDenied, SourceRateLimited, TrackNotFound
from tasks.soundcloud.budget import SourceBudget


class Time:
    """A clock whose sleepers move it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def budget_of(time, **options):
    return SourceBudget(clock=time, sleep=time.sleep, **options)


async def fail(budget, error, track="a"):
    with pytest.raises(type(error)):
        async with budget.slot(track):
            raise error


async def test_no_more_begin_than_the_window_holds(time):
    """The third of two waits until the first is ten minutes old."""
    budget = budget_of(time, per_window=2)
    starts = []
    for _ in range(5):
        async with budget.slot("a"):
            starts.append(time.now)
            time.now += 1
    assert starts == [0, 1, 600, 601, 1200]


async def test_requests_beyond_the_first_count_as_well(time):
    """Two formats asked for are two requests."""
    budget = budget_of(time, per_window=3)
    async with budget.slot("a"):
        budget.charge(3)
    async with budget.slot("a"):
        assert time.now == 600
    budget.charge(-1)


async def test_refusals_make_all_wait_twice_as_long_each_time(time):
    """30 s, 60 s, and so on up to ten minutes."""
    budget = budget_of(time)
    pauses = []
    for _ in range(7):
        await fail(budget, SourceRateLimited("429"))
        pauses.append(budget.paused_for)
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


async def test_a_named_time_is_kept(time):
    """Retry-After wins if it is longer."""
    budget = budget_of(time)
    await fail(budget, SourceRateLimited("429", retry_after=700))
    assert budget.paused_for == 700


async def test_a_success_begins_anew(time):
    """The next refusal is a first one."""
    budget = budget_of(time)
    await fail(budget, SourceRateLimited("429"))
    async with budget.slot("a"):
        assert time.now == 30
    await fail(budget, SourceRateLimited("429"))
    assert budget.paused_for == 30


async def test_refusals_of_one_moment_are_one(time):
    """Four downloads under way together are refused together."""
    budget = budget_of(time)
    entered = asyncio.Barrier(4)

    async def one():
        async with budget.slot("a"):
            await entered.wait()
            raise SourceRateLimited("429")

    await asyncio.gather(*(one() for _ in range(4)), return_exceptions=True)
    assert budget.paused_for == 30


async def test_one_track_that_is_always_denied_makes_nobody_wait(time):
    """However often it is tried."""
    budget = budget_of(time)
    for _ in range(9):
        await fail(budget, SourceDenied("403"))
    assert budget.paused_for == 0


async def test_three_tracks_denied_within_a_minute_are_a_refusal(time):
    """It is not about the tracks then."""
    budget = budget_of(time)
    for track in ("a", "b", "a", "b"):
        await fail(budget, SourceDenied("403"), track)
    assert budget.paused_for == 0
    await fail(budget, SourceDenied("403"), "c")
    assert budget.paused_for == 30


async def test_denials_of_another_minute_do_not_count(time):
    """Three bad tracks in a night are three bad tracks."""
    budget = budget_of(time)
    for track in ("a", "b", "c", "d"):
        await fail(budget, SourceDenied("403"), track)
        time.now += 31
    assert budget.paused_for == 0


async def test_a_success_between_says_that_it_is_about_the_tracks(time):
    """Two bad tracks, a good one, two bad ones."""
    budget = budget_of(time)
    for track in ("a", "b", "good", "c", "d"):
        if track == "good":
            async with budget.slot(track):
                pass
        else:
            await fail(budget, SourceDenied("403"), track)
    assert budget.paused_for == 0


async def test_a_tracks_own_trouble_is_no_refusal(time):
    """A missing track says nothing about the next."""
    budget = budget_of(time)
    await fail(budget, TrackNotFound("404"))
    assert budget.paused_for == 0


async def test_a_cancelled_wait_holds_up_nobody():
    """Who gave up waiting leaves the turn to the next."""
    budget = SourceBudget(first_pause=0.2)
    await fail(budget, SourceRateLimited("429"))
    waiting = asyncio.create_task(budget.slot("a").__aenter__())
    await asyncio.sleep(0.01)
    waiting.cancel()
    async with asyncio.timeout(60), budget.slot("a"):
        assert waiting.cancelled()
