"""Many schedules: in parallel, counted, and the search for what a mutant does wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from simulation.lock.mutants import LIMITS, MUTANTS, Mutant
from simulation.lock.schedule import Outcome, run_schedule
from simulation.lock.themes import THEMES

_BATCH = 250


@dataclass
class Tally:
    """What a number of schedules led to. `broken`: the seeds with a violation, and its kinds."""

    schedules: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    broken: dict[int, list[str]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.schedules += 1
        self.counts += outcome.counts
        self.violations.update(violation.kind for violation in outcome.violations)
        if outcome.violations:
            self.broken[outcome.seed] = sorted({each.kind for each in outcome.violations})

    def merge(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.counts += other.counts
        self.violations += other.violations
        self.broken |= other.broken


def explore(seeds: range, *, jobs: int = 1) -> Tally:
    """The lock as it is, over all `seeds`, in `jobs` processes."""
    tally = Tally()
    batches = [seeds[start : start + _BATCH] for start in range(0, len(seeds), _BATCH)]
    for part in _parts(batches, jobs):
        tally.merge(part)
    return tally


def try_out(mutant: Mutant, seeds: Iterable[int]) -> Tally:
    """A mutant over all `seeds`, in schedules of its theme."""
    tally = Tally()
    for outcome in _outcomes(mutant, seeds):
        tally.add(outcome)
    return tally


def try_all(seeds: range, *, jobs: int = 1) -> Iterator[tuple[Mutant, Tally]]:
    """Each mutant, and the limit, with what it led to; `jobs` at a time."""
    mutants = (*MUTANTS, *LIMITS)
    with ProcessPoolExecutor(jobs) as pool:
        tallies = pool.map(_try_numbered, range(len(mutants)), [seeds] * len(mutants))
        yield from zip(mutants, tallies, strict=True)


def find_flaw(mutant: Mutant, seeds: Iterable[int]) -> Outcome | None:
    """The first schedule in which the mutant breaks the lock; None if it survives them all."""
    return next((outcome for outcome in _outcomes(mutant, seeds) if outcome.violations), None)


def _outcomes(mutant: Mutant, seeds: Iterable[int]) -> Iterator[Outcome]:
    with mutant.step():
        for seed in seeds:
            yield run_schedule(seed, theme=THEMES[mutant.theme], adjust=mutant.adjust)


def _parts(batches: list[range], jobs: int) -> Iterator[Tally]:
    if jobs == 1:
        yield from map(_explore_batch, batches)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_explore_batch, batches)


def _explore_batch(seeds: range) -> Tally:
    tally = Tally()
    for seed in seeds:
        tally.add(run_schedule(seed))
    return tally


def _try_numbered(number: int, seeds: range) -> Tally:
    return try_out((*MUTANTS, *LIMITS)[number], seeds)
