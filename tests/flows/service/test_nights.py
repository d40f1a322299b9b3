"""Weeks of nightly runs on a moved clock: failing rows starve no new ones."""

from __future__ import annotations

from simulation.nights import play


def test_three_weeks_with_sixteen_damaged_rows():
    """Ten tracks a night. Sixteen that always fail take two nights, and never a place again."""
    year, nights = play(21, limit=10, seed=7)
    assert len(year.waited) == len(nights.since) - len(nights.error)
    assert max(year.waited) <= 2
    assert max(year.waited[len(year.waited) // 2 :]) == 0
    assert max(year.tries.values()) <= 6
    assert max(year.requests) <= 3
