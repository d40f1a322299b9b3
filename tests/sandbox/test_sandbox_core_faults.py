"""What a plan decides: by seed, by rate, by window, by aim. No server is needed."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.fault_plans import PRESETS, plan_from
from sandbox.faults import (
    SERVICES,
    Aimed,
    Asked,
    EaglePlan,
    Fault,
    FaultPlan,
    Latency,
    NotionPlan,
)
from sandbox.injector import Injector

READ = Asked(method="GET", path="/v1/pages/x")
WRITE = Asked(method="PATCH", path="/v1/pages/x", body='{"lock": 1}', is_write=True)


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def injector(plan: FaultPlan, *, seed: int = 0, clock: Clock | None = None) -> Injector:
    return Injector("notion", plan, seed=seed, clock=clock or Clock())


@given(st.integers(0, 2**32), st.lists(st.sampled_from([READ, WRITE]), max_size=60))
def test_the_same_seed_and_requests_meet_the_same_faults(seed: int, asked: list[Asked]) -> None:
    plan = PRESETS["hostile"]["notion"]
    first, second = injector(plan, seed=seed), injector(plan, seed=seed)
    assert [first.decide(one) for one in asked] == [second.decide(one) for one in asked]


def test_another_seed_meets_other_faults() -> None:
    plan = PRESETS["hostile"]["notion"]
    runs = [
        [one.decide(WRITE).fault for _ in range(100)]
        for one in (injector(plan, seed=1), injector(plan, seed=2))
    ]
    assert runs[0] != runs[1]


def test_no_plan_means_no_fault_and_no_delay() -> None:
    one = injector(NotionPlan())
    for _ in range(500):
        decision = one.decide(WRITE)
        assert decision.fault is None
        assert decision.delay_before == decision.delay_after == 0


def test_rates_are_met_and_reads_never_commit_or_conflict() -> None:
    """Over 4,000 requests each fault's share is within 2 points of its rate."""
    rates = {Fault.CONFLICT: 0.2, Fault.DROPPED: 0.1, Fault.LATE: 0.05}
    one = injector(NotionPlan(rates=rates))
    writes = Counter(one.decide(WRITE).fault for _ in range(4000))
    for fault, rate in rates.items():
        assert writes[fault] / 4000 == pytest.approx(rate, abs=0.02)
    reads = Counter(one.decide(READ).fault for _ in range(4000))
    assert set(reads) == {None, Fault.DROPPED}
    assert reads[Fault.DROPPED] / 4000 == pytest.approx(0.1, abs=0.02)


def test_the_window_is_fixed_and_each_token_has_its_own() -> None:
    """The budget comes back at the window's end, not sixty seconds after the last request."""
    clock = Clock()
    one = injector(NotionPlan(requests_per_window=3), clock=clock)
    clock.now += 50
    assert [one.decide(READ).fault for _ in range(4)] == [None] * 3 + [Fault.RATE_LIMITED]
    assert one.decide(READ).retry_after == 10
    assert one.decide(Asked(method="GET", path="/", caller="other")).fault is None
    clock.now += 10.5
    assert one.decide(READ).fault is None


def test_the_workspace_limit_stops_everybody_for_its_time() -> None:
    clock = Clock()
    plan = NotionPlan(workspace_limit_after=2, workspace_limit_seconds=90)
    one = injector(plan, clock=clock)
    assert [one.decide(READ).fault for _ in range(2)] == [None, None]
    blocked = one.decide(Asked(method="GET", path="/", caller="other"))
    assert (blocked.fault, blocked.retry_after) == (Fault.WORKSPACE_LIMITED, 90)
    clock.now += 89
    assert one.decide(READ).retry_after == 1
    clock.now += 2
    assert one.decide(READ).fault is None


def test_an_aimed_fault_meets_its_requests_only() -> None:
    aim = Aimed(fault=Fault.DROPPED_SAVED, method="PATCH", body="lock", skip=1, times=2)
    one = injector(NotionPlan(aimed=(aim,)))
    other = Asked(method="PATCH", path="/v1/pages/x", body="{}", is_write=True)
    asked = [WRITE, READ, other, WRITE, WRITE, WRITE]
    dropped = Fault.DROPPED_SAVED
    assert [one.decide(a).fault for a in asked] == [None, None, None, dropped, dropped, None]


def test_an_aimed_late_write_lands_when_told() -> None:
    one = injector(NotionPlan(aimed=(Aimed(fault=Fault.LATE, after=7.0),)))
    decision = one.decide(WRITE)
    assert (decision.fault, decision.lands_after) == (Fault.LATE, 7.0)


def test_late_writes_land_within_the_time_the_lock_protocol_allows() -> None:
    one = injector(NotionPlan(rates={Fault.LATE: 1.0}))
    times = [one.decide(WRITE).lands_after for _ in range(500)]
    assert 2 <= min(times) < 4
    assert 38 < max(times) <= 40


def test_eagles_user_switches_once() -> None:
    plan = EaglePlan(switch_after=2, switch_to="Other")
    one = Injector("eagle", plan, clock=Clock())
    assert [one.decide(READ).switch_to for _ in range(4)] == ["", "Other", "", ""]


def test_latency_keeps_its_median_and_bounds() -> None:
    dice = random.Random(5)
    latency = Latency(median=0.4, sigma=0.8, longest=3.0)
    drawn = sorted(latency.draw(dice) for _ in range(2001))
    assert drawn[1000] == pytest.approx(0.4, rel=0.1)
    assert drawn[-1] <= 3.0
    even = [Latency(shortest=1, longest=2).draw(dice) for _ in range(100)]
    assert 1 <= min(even) < max(even) <= 2


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_preset_covers_every_service(preset: str) -> None:
    assert set(PRESETS[preset]) == set(SERVICES)


def test_rough_fails_two_to_five_percent_of_writes() -> None:
    for service in SERVICES:
        assert 0.02 <= sum(PRESETS["rough"][service].rates.values()) <= 0.05


def test_a_plan_from_json_lies_over_its_preset() -> None:
    changes = {
        "rates": {"dropped_saved": 0.5},
        "query_lag": 3,
        "latency": None,
        "aimed": [{"fault": "late", "after": 5, "path": "/pages/"}],
    }
    plan = plan_from("notion", "rough", changes)
    assert isinstance(plan, NotionPlan)
    assert plan.rates == {Fault.DROPPED_SAVED: 0.5}
    assert plan.query_lag == (3.0, 3.0)
    assert plan.latency is None
    assert plan.aimed == (Aimed(fault=Fault.LATE, after=5, path="/pages/"),)
    assert plan.requests_per_window == 180


@pytest.mark.parametrize(
    ("service", "preset", "changes"),
    [
        ("spotify", None, {}),
        ("notion", "dreadful", {}),
        ("notion", None, {"import_delay": 3}),
        ("notion", None, {"rates": {"dropped": 2}}),
        ("notion", None, {"rates": {"no_such_fault": 0.1}}),
        ("notion", None, {"latency": {"mean": 1}}),
        ("eagle", None, {"import_delay": [1, 2, 3]}),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(
    service: str, preset: str | None, changes: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        plan_from(service, preset, changes)
