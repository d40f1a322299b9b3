"""Notion's request budget, in virtual time."""

import pytest

from tasks.notion.budget import RequestBudget


class VirtualTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


def budget_of(per_minute: int, time: VirtualTime) -> RequestBudget:
    return RequestBudget(per_minute, clock=lambda: time.now, sleep=time.sleep)


async def test_a_burst_within_the_budget_does_not_wait(time):
    """Notion allows its budget to be spent at once."""
    budget = budget_of(180, time)
    for _ in range(180):
        await budget.take()
    assert time.now == 0


async def test_no_sixty_seconds_ever_hold_more_than_the_budget(time):
    """Wherever Notion's windows begin, none sees more than its budget."""
    budget = budget_of(10, time)
    sent = []
    for _ in range(57):
        await budget.take()
        sent.append(time.now)
        time.now += 1.3
    assert all(sum(start <= t < start + 60 for t in sent) <= 10 for start in sent)


async def test_permits_taken_together_are_free_together(time):
    """A claim's two requests wait for both permits, not for one after the other."""
    budget = budget_of(3, time)
    await budget.take(2)
    await budget.take(2)
    assert time.now == pytest.approx(60)


async def test_a_cool_down_stops_everybody(time):
    """After a 429 nobody sends until the time Notion named."""
    budget = budget_of(180, time)
    budget.cool_down(37)
    await budget.take()
    assert time.now == pytest.approx(37)
