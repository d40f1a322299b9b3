"""The order in which machines ask for rows."""

from __future__ import annotations

from random import Random

from tasks.locks.order import machine_name, machines_in, own_part_first

PAGES = [f"{Random(number).getrandbits(128):032x}" for number in range(600)]
MACHINES = ["1@mini", "2@studio", "3@mini"]


def test_the_order_is_a_permutation_and_oldest_first_in_the_own_part():
    order = own_part_first(PAGES, "1@mini", MACHINES)
    assert sorted(order) == sorted(PAGES)
    part = order[:150]
    assert part == [page for page in PAGES if page in set(part)]


def test_a_machine_alone_goes_through_the_rows_as_they_are_listed():
    assert own_part_first(PAGES, "1@mini") == PAGES
    assert own_part_first(PAGES, "1@mini", ["1@mini"]) == PAGES


def test_machines_that_know_each_other_begin_with_parts_that_do_not_meet():
    parts = [set(own_part_first(PAGES, machine, MACHINES)[:150]) for machine in MACHINES]
    assert not set.intersection(*parts)
    assert len(set.union(*parts)) == 450


def test_helping_begins_where_the_owner_comes_last():
    """With two machines, the last rows of the one are among the first the other helps with."""
    mine = own_part_first(PAGES, "1@mini", MACHINES[:2])
    theirs = own_part_first(PAGES, "2@studio", MACHINES[:2])
    part = next(index for index, page in enumerate(theirs) if page in set(mine[:20]))
    own = theirs[:part]
    helped_first = [page for page in mine if page in set(own)][:50]
    ranks = sorted(own.index(page) for page in helped_first)
    assert ranks[len(ranks) // 2] > len(own) / 2


def test_the_machines_at_work_are_read_from_the_rows_locks():
    locks = ["", "busy", "7:fe80::1:a1b2c3d4:2026-01-16T10:30:00+00:00"]
    assert machines_in(locks) == {machine_name("fe80::1", 7)}
