"""One schedule: drawn from a seed, run, brought to rest, judged."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from simulation.lock import workers
from simulation.lock.faults import CALM
from simulation.lock.ledger import Ledger, Violation
from simulation.lock.loop import VirtualLoop
from simulation.lock.process import Killed, Process
from simulation.lock.rows import curator, user
from simulation.lock.shared_eagle import SharedEagle
from simulation.lock.themes import THEMES, Theme
from simulation.lock.world import Register, World
from simulation.scaled import unchecked_timing
from tasks.locks.claim import Won
from tasks.locks.timing import LockTiming


@dataclass(frozen=True)
class Outcome:
    """What one seed led to."""

    seed: int
    counts: Counter[str]
    violations: Sequence[Violation]
    trace: Sequence[str]


def run_schedule(
    seed: int,
    *,
    theme: Theme | None = None,
    adjust: Callable[[World], None] = lambda _: None,
    traced: bool = False,
) -> Outcome:
    """Run the schedule of `seed`, of a `theme` or a drawn one. `adjust` may change the world.

    Raises what the code under test raised where it should not have.
    """
    loop = VirtualLoop()
    random = Random(seed)
    theme = theme or _theme(random)
    ledger = Ledger(loop.time, trace=[] if traced else None)
    world = World(loop, random, _timing(random, theme), theme.faults(random), theme.work, ledger)
    adjust(world)
    try:
        loop.run_until_complete(_play(world, theme))
    finally:
        loop.close()
    for error in loop.errors:
        if not isinstance(error, Killed):
            raise error
    return Outcome(seed, ledger.counts, ledger.violations, ledger.trace or ())


def _theme(random: Random) -> Theme:
    themes = list(THEMES.values())
    return random.choices(themes, [theme.share for theme in themes])[0]


def _timing(random: Random, theme: Theme) -> LockTiming:
    """W and S as they are. M and T shorter, in the same proportion, so that more happens."""
    landing = random.choice(theme.landings)
    timeout = random.choice(theme.times_landing) * landing
    return unchecked_timing(LockTiming, landing=landing, timeout=timeout, grace=15.0)


async def _play(world: World, theme: Theme) -> None:
    random, timing = world.random, world.timing
    has_listings = theme.listings > random.random()
    for number in range(random.choice((2, 3) if has_listings else (1, 1, 2))):
        world.registers[f"row-{number}"] = Register()
    if theme.imports > random.random():
        longest = random.choice((4.0, timing.landing, 2 * timing.landing, 3 * timing.landing))
        longest = min(longest, 0.8 * (timing.timeout - timing.margin + timing.landing))
        world.eagle = SharedEagle(world.loop, random, world.ledger, longest)
    until = random.uniform(1.0, 3.0) * timing.timeout
    numbers = (1, 2) if has_listings else (3, 4, 5)
    hosts = [f"host-{number}" for number in range(random.choice(numbers))]
    everybody = [workers.machine(world, host, until) for host in hosts]
    everybody.append(workers.janitor(world, random.choice(hosts), until))
    if has_listings:
        everybody.append(user(world, until))
        everybody += [curator(world, f"curator-{number}", until) for number in range(3)]
    await asyncio.gather(*everybody)
    world.ledger.note("calm")
    world.faults = CALM
    await asyncio.sleep(2 * timing.landing + timing.timeout)
    await _must_be_free(world)


async def _must_be_free(world: World) -> None:
    """Whatever happened: after T a newcomer gets every row, and leaves it empty."""
    newcomer = Process(world, "newcomer")
    for page_id, register in world.registers.items():
        outcome = await newcomer.locks.claim(page_id, lambda _: True)
        if isinstance(outcome, Won):
            await outcome.lease.release()
        if register.lock or not isinstance(outcome, Won):
            world.ledger.stuck(page_id, f"{outcome}, lock {register.lock!r}")
