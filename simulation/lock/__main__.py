"""`python -m simulation.lock`: explore schedules of the lock, and try its mutants.

Exits with 1 if the lock as it is breaks in any schedule, or if a mutant is not found out.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time

from simulation.lock.explore import Tally, explore, try_all
from simulation.lock.ledger import KINDS
from simulation.lock.mutants import LIMITS, MUTANTS, Mutant
from simulation.lock.schedule import run_schedule
from simulation.lock.themes import THEMES


def main() -> int:
    options = _options()
    logging.disable(logging.CRITICAL)
    if options.trace is not None:
        return _trace(options.trace, options.theme, options.mutant)
    healthy = _explore(range(options.first, options.first + options.schedules), options.jobs)
    found = (
        _try_mutants(range(options.mutant_schedules), options.jobs)
        if options.mutant_schedules
        else True
    )
    return 0 if healthy and found else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m simulation.lock", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000, help="as the lock is (100000)")
    parser.add_argument("--first", type=int, default=0, help="first seed (0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--mutant-schedules", type=int, default=2000, help="each; 0: none (2000)")
    parser.add_argument("--trace", type=int, metavar="SEED", help="print one schedule's events")
    parser.add_argument("--theme", choices=THEMES, help="with --trace: the schedule's theme")
    names = [mutant.name for mutant in (*MUTANTS, *LIMITS)]
    parser.add_argument("--mutant", choices=names, help="with --trace: the lock to run")
    return parser.parse_args()


def _explore(seeds: range, jobs: int) -> bool:
    began = time.monotonic()
    tally = explore(seeds, jobs=jobs)
    print(f"{tally.schedules} schedules in {time.monotonic() - began:.0f} s, seed {seeds.start} on")
    for name, count in sorted(tally.counts.items()):
        print(f"  {name:<26}{count:>10}")
    for kind in KINDS:
        print(f"  {kind:<26}{tally.violations[kind]:>10}")
    for seed, kinds in list(tally.broken.items())[:20]:
        print(f"  seed {seed}: {', '.join(kinds)}")
    sys.stdout.flush()
    return not tally.broken


def _try_mutants(seeds: range, jobs: int) -> bool:
    print(
        f"\n{'mutants, ' + str(len(seeds)) + ' schedules each':<90}{'won':>8}{'broken':>8}  first"
    )
    found = [_row(mutant, tally) for mutant, tally in try_all(seeds, jobs=jobs)]
    return all(found)


def _row(mutant: Mutant, tally: Tally) -> bool:
    first = min(tally.broken, default=None)
    won, broken = tally.counts["won"], len(tally.broken)
    print(f"{mutant.name:<20}{mutant.told:<70}{won:>8}{broken:>8}  {first}", flush=True)
    return bool(tally.broken)


def _trace(seed: int, theme: str | None, mutant_name: str | None) -> int:
    mutant = next((each for each in (*MUTANTS, *LIMITS) if each.name == mutant_name), None)
    if mutant is None:
        outcome = run_schedule(seed, theme=THEMES.get(theme or ""), traced=True)
    else:
        with mutant.step():
            outcome = run_schedule(
                seed, theme=THEMES[theme or mutant.theme], adjust=mutant.adjust, traced=True
            )
    print("\n".join(outcome.trace))
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
