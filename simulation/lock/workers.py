"""What the processes do: clean up, claim, work, renew, fail, release, die and come again."""

from __future__ import annotations

import asyncio

from simulation.lock.eagle import bring_in
from simulation.lock.process import Process
from simulation.lock.world import World
from tasks.errors import EagleError, LockError, NotionError
from tasks.locks.claim import Locked, Lost, Won
from tasks.locks.cleanup import clean_stale
from tasks.locks.lease import Lease
from tasks.locks.track_locks import Outcome
from tasks.locks.value import parse


async def machine(world: World, host: str, until: float) -> None:
    """One process after the other on `host`: after a kill the next one starts."""
    while world.loop.time() < until:
        process = Process(world, host)
        try:
            await _run(process, until)
        except BaseException:
            if not process.dead:
                raise
            await asyncio.sleep(world.random.expovariate(0.2))


async def _run(process: Process, until: float) -> None:
    """A run of library-sync: cleanup, then tracks, one or two side by side."""
    if process.world.random.random() < 0.8:
        await clean(process)
    lanes = [_lane(process, until) for _ in range(process.world.random.choice((1, 1, 2)))]
    await asyncio.gather(*lanes)


async def janitor(world: World, host: str, until: float) -> None:
    """`cleanup` as a command of its own on one of the hosts, again and again."""
    while world.loop.time() < until:
        process = Process(world, host)
        try:
            await process.sleep(world.random.uniform(0, 0.5 * world.timing.timeout))
            await clean(process)
        except BaseException:
            if not process.dead:
                raise


async def _lane(process: Process, until: float) -> None:
    """Track after track, some of them cancelled by the user."""
    world, random = process.world, process.world.random
    while world.loop.time() < until:
        job = asyncio.ensure_future(_track(process, random.choice(list(world.registers))))
        if random.random() < world.work.cancelled:
            world.loop.call_later(random.expovariate(0.05), job.cancel)
        try:
            await asyncio.wait({job})
            _raise_unless_expected(job)
        finally:
            job.cancel()
        await process.sleep(random.expovariate(1 / world.work.idle))


def _raise_unless_expected(job: asyncio.Future[None]) -> None:
    error = None if job.cancelled() else job.exception()
    if error is not None and not isinstance(error, LockError | NotionError):
        raise error


async def clean(process: Process) -> None:
    """`cleanup` over all rows, with what is known of this host's dead."""
    world = process.world
    rows = [world.row(page_id) for page_id in world.registers]
    dead = world.dead_tokens(process.host)
    report = await clean_stale(process, process, world.timing, process.owner, rows, dead=dead)
    world.ledger.counts["cleaned"] += len(report.cleared)


async def _track(process: Process, page_id: str) -> None:
    world = process.world
    proof_later = world.random.random() < world.work.proven_later
    outcome = await process.locks.claim(page_id, lambda _: True, proof_later=proof_later)
    world.ledger.counts[type(outcome).__name__.lower()] += 1
    if isinstance(outcome, Won):
        await _work(process, outcome.lease)
    elif isinstance(outcome, Locked):
        await process.until_changed(page_id, at_most=_patience(process, outcome.by))
    else:
        await after_lost(process, outcome)


def _patience(process: Process, lock: str) -> float:
    """Seconds until the lock seems to expire, or fewer."""
    value, timing, random = parse(lock), process.world.timing, process.world.random
    assert value is not None
    expires = (value.taken_at + timing.lifetime - process.now()).total_seconds()
    return (
        expires + random.expovariate(1.0) if random.random() < 0.7 else random.uniform(0, expires)
    )


async def after_lost(process: Process, outcome: Outcome) -> None:
    """A lost claim leaves the lock alone."""
    if isinstance(outcome, Lost):
        process.world.ledger.note(f"{process} lost {outcome.page_id}: {outcome.reason}")


async def _work(process: Process, lease: Lease) -> None:
    """As the flow does it: keep, download, prove, work, finish; release in `finally`."""
    ledger, random = process.world.ledger, process.world.random
    try:
        async with lease.kept():
            await prove(process, lease)
            number = ledger.won(process, lease)
            imports_first = random.random() < 0.5
            if imports_first:
                await _import(process, lease)
            for seconds in _durations(process.world, lease):
                await process.sleep(seconds)
                await lease.begin(0.0)
                ledger.step(process, lease)
                lease.over()
            if not imports_first:
                await _import(process, lease)
            if random.random() < 0.2:
                raise NotionError("the track failed, and its failure is not written")
        await lease.finish({"Result": {"number": number}})
        ledger.counts["finished"] += 1
        process.world.registers[lease.page_id].recordings += 1
    except EagleError as error:
        ledger.note(f"{process}: {error}")
        await lease.finish({})
    except LockError as error:
        ledger.counts["lease lost"] += 1
        ledger.note(f"{process}: {error}")
    finally:
        await lease.release()
        ledger.left(process, lease)


async def prove(process: Process, lease: Lease) -> None:
    """What is proven already is at once; else a download comes first, of whatever length."""
    if not lease.is_proven:
        await process.sleep(process.world.random.choice(_durations(process.world, lease)))
        await lease.proven()


async def _import(process: Process, lease: Lease) -> None:
    """The recording of the row's song into Eagle, where there is one."""
    eagle, register = process.world.eagle, process.world.registers[lease.page_id]
    if eagle is not None:
        recording = f"{lease.page_id}/{register.song}/{register.recordings}"
        await bring_in(process, eagle, lease, recording)


def _durations(world: World, lease: Lease) -> list[float]:
    """Seconds between the irreversible steps of one track."""
    random, timing = world.random, world.timing
    kind = world.work.drawn(random)
    if kind == "after renewal":
        return [random.randint(1, 3) * timing.renew_every + random.expovariate(0.5)]
    if kind == "before the end":
        return [max(0.0, lease.left - random.expovariate(2.0))]
    longest = timing.timeout if kind == "long" else random.choice((3.0, timing.landing))
    return [random.uniform(0, longest) for _ in range(random.randint(1, 3))]
