"""How often machines ask for a row another has: `python -m bench.lock_order`.

Machines with four tracks at a time work off 200 rows from one listing, taken at the start. A row
asked for is free, held by another (a race, if it was taken within half a second) or done already.
"""

from __future__ import annotations

import argparse
import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from tasks.locks.order import own_part_first

ROWS, TRACKS_AT_ONCE, LISTS = 200, 4, 40
CLAIM_SECONDS, SKIP_SECONDS, RACE_SECONDS = 3.5, 0.4, 0.5

Order = Callable[[Sequence[str], str, Sequence[str]], list[str]]


def run(machines: int, order: Order, seed: int) -> Counter[str]:
    """One list worked off; what the machines met."""
    random = Random(seed)
    pages = [f"{random.getrandbits(128):032x}" for _ in range(ROWS)]
    names = [f"{random.randrange(1000, 9999)}@host-{number}" for number in range(machines)]
    lists = [order(pages, name, names)[::-1] for name in names]
    lanes = [(random.random(), number) for number in range(machines) for _ in range(TRACKS_AT_ONCE)]
    taken: dict[str, tuple[float, float]] = {}
    met: Counter[str] = Counter()
    heapq.heapify(lanes)
    while lanes:
        now, number = heapq.heappop(lanes)
        if not lists[number]:
            continue
        page = lists[number].pop()
        if page not in taken:
            taken[page] = now, now + CLAIM_SECONDS + random.lognormvariate(3, 0.6)
            again = taken[page][1]
        else:
            began, done = taken[page]
            met["done" if now >= done else "held"] += 1
            met["race"] += now - began < RACE_SECONDS
            again = now + SKIP_SECONDS
        heapq.heappush(lanes, (again, number))
    return met


ORDERS: dict[str, Order] = {
    "the list's order": lambda pages, _, __: list(pages),
    "nobody known": lambda pages, name, _: own_part_first(pages, name),
    "all known": own_part_first,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.lock_order", description=__doc__)
    parser.add_argument("--lists", type=int, default=LISTS, help="lists a line is the mean of")
    lists = parser.parse_args().lists
    print(f"{'machines':<10}{'order':<20}{'held':>8}{'races':>8}{'done':>8}")
    for machines in (2, 3, 5, 8):
        for known, order in ORDERS.items():
            met = sum((run(machines, order, seed) for seed in range(lists)), Counter[str]())
            held, races, done = (met[kind] / lists for kind in ("held", "race", "done"))
            print(f"{machines:<10}{known:<20}{held:>8.1f}{races:>8.1f}{done:>8.1f}")


if __name__ == "__main__":
    main()
