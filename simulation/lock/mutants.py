"""The lock with one thing left out or done wrong: the simulation must find each of them.

A mutant replaces a small step of the production code while its schedule runs.
"""
# ruff: noqa: SLF001  (the steps a mutant replaces are private)

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from simulation.lock import rows, workers
from simulation.lock.process import Process
from simulation.lock.world import World
from simulation.scaled import unchecked_timing
from tasks.errors import NotionError
from tasks.locks import lease as lease_steps
from tasks.locks import track_locks
from tasks.locks.claim import Lost
from tasks.locks.clock import Asked, NotionTime
from tasks.locks.lease import Lease
from tasks.locks.ports import LockRow, Owner
from tasks.locks.term import State, Term
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue, is_live, parse


@dataclass(frozen=True)
class Mutant:
    """`told` says what is wrong; it shows most in schedules of `theme`. `step` replaces the
    production code's step, `adjust` changes the world.
    """

    name: str
    told: str
    theme: str
    step: Callable[[], Any] = lambda: patch.dict({})
    adjust: Callable[[World], None] = lambda _: None


class _FixedMargin(LockTiming):
    """The usual margin, whatever the other times are."""

    @property
    def margin(self) -> float:
        return 2 * self.landing + 10.0


class _MarginM(LockTiming):
    """The margin as the protocol first had it."""

    @property
    def margin(self) -> float:
        return self.landing


def _retimed(kind: type[LockTiming], **times: float) -> Callable[[World], None]:
    def adjust(world: World) -> None:
        usual = {name: getattr(world.timing, name) for name in LockTiming.__dataclass_fields__}
        world.timing = unchecked_timing(kind, **usual | times)

    return adjust


def _no_pre_read() -> Any:
    return patch.object(track_locks, "for_work", lambda *_: lambda _: None)


@contextmanager
def _one_token() -> Iterator[None]:
    """Every attempt of a process carries the token of its first, until that is half expired."""
    fresh = Owner.attempt
    last: WeakKeyDictionary[Any, LockValue] = WeakKeyDictionary()

    def attempt(owner: Owner, now: datetime) -> LockValue:
        value = last.get(owner.log)
        if value is None or now - value.taken_at > timedelta(minutes=1):
            value = last[owner.log] = fresh(owner, now)
        return value

    with patch.object(Owner, "attempt", attempt):
        yield


def _clear_lost() -> Any:
    async def after_lost(process: Process, outcome: track_locks.Outcome) -> None:
        if isinstance(outcome, Lost) and outcome.token:
            with suppress(NotionError):
                row = await process.read(outcome.page_id)
                if row.lock == outcome.token:
                    await process.write(outcome.page_id, "")

    return patch.object(workers, "after_lost", after_lost)


def _repeat_at_once() -> Any:
    async def look(lease: Lease, *_: object) -> None:
        lease.term.reopen()

    return patch.object(Lease, "_look_after_landing", look)


def _loose() -> Any:
    def same_holder(lock: str, token: str) -> bool:
        value, ours = parse(lock), parse(token)
        return value is not None and ours is not None and value.uuid == ours.uuid

    return patch.object(lease_steps, "_still_acknowledged", same_holder)


def _never_proven() -> Any:
    """A claim whose proof was left for later counts without it."""

    async def why_not_ours(lease: Lease) -> str:
        lease.is_proven = True
        return ""

    return patch.object(Lease, "why_not_ours", why_not_ours)


def _bare_cleanup() -> Any:
    async def clean(process: Process) -> None:
        world, dead = process.world, process.world.dead_tokens(process.host)
        lifetime = world.timing.lifetime
        for page_id in world.registers:
            try:
                row = await process.read(page_id)
            except NotionError:
                continue
            live = is_live(
                row.lock, now=process.now(), timeout=lifetime, last_edited=row.last_edited
            )
            if row.lock and (row.lock in dead or not live):
                with suppress(NotionError):
                    await process.write(page_id, "")

    return patch.object(workers, "clean", clean)


def _strike_late() -> Any:
    """The token is struck out when the release is answered, not before it is sent."""

    async def write_last(lease: Lease, properties: Mapping[str, Any]) -> LockRow:
        await lease.prove()
        await lease._let_renewal_end()
        lease.require_safe()
        lease.term.state = State.CLOSING
        try:
            row = await lease._store.write(lease.page_id, "", properties or None)
        except NotionError as error:
            if not error.maybe_applied:
                lease.term.reopen()
            raise
        lease.term.close()
        lease.term.closed()
        return row

    return patch.object(Lease, "_write_last", write_last)


def _record_unlanded() -> Any:
    """Tokens go on record when they are sent, not when they are known to have landed in time."""
    fresh = Owner.attempt

    def attempt(owner: Owner, now: datetime) -> LockValue:
        value = fresh(owner, now)
        owner.log.record(str(value))
        return value

    return patch.object(Owner, "attempt", attempt)


@contextmanager
def _time_by_wall_clock() -> Iterator[None]:
    """Notion's time is the wall clock, corrected by the newest date."""
    offsets: WeakKeyDictionary[NotionTime, float] = WeakKeyDictionary()
    heard = NotionTime.heard

    def noting(time: NotionTime, date: datetime, asked: Asked, *, received: float) -> None:
        heard(time, date, asked, received=received)
        offsets[time] = date.timestamp() - time._wall()

    def now(time: NotionTime) -> datetime:
        return datetime.fromtimestamp(time._wall() + offsets.get(time, 0.0), UTC)

    with (
        patch.object(NotionTime, "heard", noting),
        patch.object(NotionTime, "earliest", now),
        patch.object(NotionTime, "latest", now),
        _no_doubt(),
    ):
        yield


@contextmanager
def _first_date() -> Iterator[None]:
    """A date that contradicts what is known is believed at once."""
    heard = NotionTime.heard

    def believing(time: NotionTime, date: datetime, asked: Asked, *, received: float) -> None:
        heard(time, date, asked, received=received)
        if time._rival is not None:
            time._bounds, time._rival = time._rival, None

    with patch.object(NotionTime, "heard", believing):
        yield


def _no_doubt() -> Any:
    """Nobody minds that the two clocks of a machine have parted."""
    return patch.object(NotionTime, "_compare_clocks", lambda _: None)


def _release_unseen() -> Any:
    """A row is released although Eagle is still importing for it."""
    return patch.object(Term, "step_left", property(lambda _: 0.0))


def _dead_at_once() -> Any:
    """A dead process's lock is cleared although Eagle is still importing for it."""

    def dead_tokens(world: World, host: str) -> frozenset[str]:
        dead = [held for process, held in world.tokens(host).items() if process.dead]
        return frozenset(token for held in dead for token in held)

    return patch.object(World, "dead_tokens", dead_tokens)


def _any_length() -> Any:
    """An import is begun in the last moment of a lease, however long it may take."""
    return patch.object(LockTiming, "lease_needed", lambda *_: 0.0)


def _ask_again_blindly() -> Any:
    """Eagle is asked a second time without a look at the lease."""
    begin = Lease.begin

    async def once(lease: Lease, seconds: float) -> None:
        if lease.term._step_ends is None:
            await begin(lease, seconds)

    return patch.object(Lease, "begin", once)


def _merge_from_listing() -> Any:
    return patch.object(rows, "as_they_are", lambda found, _: found)


def _label_from_listing() -> Any:
    return patch.object(rows, "newest", lambda listed, _: listed)


def _walls_stop(world: World) -> None:
    world.walls_stop = True


def _slow_notion(world: World) -> None:
    """Writes land up to 1.5 M after they were sent: 90 s where the lock counts on 60."""
    world.latest *= 1.5


def _stops_before_sending(world: World) -> None:
    world.faults = replace(world.faults, stops_before_sending=0.1)


MUTANTS = (
    Mutant("no-pre-read", "the first read is left out", "anything", _no_pre_read),
    Mutant(
        "no-bound",
        "the bound W is left out",
        "anything",
        adjust=_retimed(_FixedMargin, write_bound=1e9),
    ),
    Mutant(
        "no-settling",
        "the settling is left out",
        "anything",
        adjust=_retimed(LockTiming, settle=0.0),
    ),
    Mutant("one-token", "all attempts of a process share one token", "late-claims", _one_token),
    Mutant("clear-lost", "a lost claim is cleared by its claimant", "late-claims", _clear_lost),
    Mutant(
        "repeat-at-once",
        "an unanswered release is repeated at once",
        "late-renewals",
        _repeat_at_once,
    ),
    Mutant(
        "loose-repeat",
        "the repeat compares the holder, not the whole token",
        "late-renewals",
        _loose,
    ),
    Mutant("never-proven", "a claim counts without its proof", "late-claims", _never_proven),
    Mutant("bare-cleanup", "cleanup is a GET and a PATCH", "crashes", _bare_cleanup),
    Mutant(
        "margin-M",
        "the work is stopped M before the deadline, not 2 M + 2 W + C",
        "outage",
        adjust=_retimed(_MarginM),
    ),
    Mutant(
        "strike-late",
        "a token stays on record until its release is answered",
        "crashes",
        _strike_late,
    ),
    Mutant(
        "record-unlanded",
        "tokens are recorded before they have landed in time",
        "crashes",
        _record_unlanded,
    ),
    Mutant(
        "wall-clock",
        "Notion's time is the wall clock corrected by the newest date",
        "wrong-clocks",
        _time_by_wall_clock,
    ),
    Mutant("first-date", "a date is believed without a second answer", "wrong-clocks", _first_date),
    Mutant("no-doubt", "a pause that one clock did not count goes unnoticed", "pauses", _no_doubt),
    Mutant(
        "release-unseen",
        "a row is freed while Eagle is importing for it",
        "imports",
        _release_unseen,
    ),
    Mutant(
        "dead-at-once",
        "a dead process's lock is cleared while Eagle imports for it",
        "imports",
        _dead_at_once,
    ),
    Mutant("any-length", "an import may take longer than the lease", "last-imports", _any_length),
    Mutant(
        "ask-again-blindly",
        "Eagle is asked again without a look at the lease",
        "stopped-imports",
        _ask_again_blindly,
    ),
    Mutant("merge-from-listing", "a merge acts on a listing", "listings", _merge_from_listing),
    Mutant(
        "label-from-listing", "labels are written from a listing", "listings", _label_from_listing
    ),
)

# Not flaws of the code but assumptions: what breaks, and how often, where they do not hold.
LIMITS = (
    Mutant(
        "stop-before-sending",
        "processes are stopped between look and send for up to 1.5 T",
        "anything",
        adjust=_stops_before_sending,
    ),
    Mutant("no-clock-counts", "no clock at all counts a pause", "pauses", adjust=_walls_stop),
    Mutant("slow-notion", "writes land up to 1.5 M late", "late-renewals", adjust=_slow_notion),
)
