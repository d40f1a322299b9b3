"""Notion's request budget, in virtual time."""

import asyncio

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
    """Notion allows its budget to be spent at once, but for what is kept back."""
    budget = budget_of(180, time)
    for _ in range(168):
        await budget.take()
    assert time.now == 0


async def test_the_last_writes_of_a_run_do_not_wait(time):
    """A run that stops right after a burst frees twelve rows at once, within its budget."""
    budget = budget_of(180, time)
    for _ in range(168):
        await budget.take()
    budget.spend_reserve()
    for _ in range(12):
        await budget.take()
    assert time.now == 0
    await budget.take()
    assert time.now == pytest.approx(60)


async def test_who_waits_already_gets_the_reserve_too():
    """A release that waits for its permit when the run is told to stop goes out within a second."""
    budget = RequestBudget(15)
    await budget.take(14)
    waiting = asyncio.create_task(budget.take())
    await asyncio.sleep(0.05)
    budget.spend_reserve()
    await asyncio.wait_for(waiting, 30)


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


class Account:
    """A common account that notes every lease."""

    def __init__(self) -> None:
        self.leases: list[int] = []

    async def lease(self, permits: int) -> None:
        self.leases.append(permits)


async def test_permits_are_leased_in_batches(time):
    """A hundred requests in a row cost some ten leases, not a hundred round trips."""
    account = Account()
    budget = RequestBudget(180, clock=lambda: time.now, sleep=time.sleep, shared=account)
    for _ in range(100):
        await budget.take()
        time.now += 0.1
    assert sum(account.leases) >= 100
    assert len(account.leases) <= 16


async def test_an_idle_process_hoards_nothing(time):
    """Who sends a request now and then leases one at a time."""
    account = Account()
    budget = RequestBudget(180, clock=lambda: time.now, sleep=time.sleep, shared=account)
    for _ in range(10):
        await budget.take()
        time.now += 10
    assert account.leases == [1] * 10


async def test_a_claim_leases_what_it_needs_at_once(time):
    """Permits for a claim's requests are there before its clock starts."""
    account = Account()
    budget = RequestBudget(180, clock=lambda: time.now, sleep=time.sleep, shared=account)
    await budget.take(4)
    assert account.leases == [4]
