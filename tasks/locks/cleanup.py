"""Freeing rows whose lock nobody holds any more (docs/lock.md, "Cleaning up").

A bare "GET, PATCH empty" could land late, on top of a new holder. So a stale row is claimed like
any other, and then released by its holder.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tasks.errors import LockError, NotionError
from tasks.locks.claim import Claim, Locked, NotWanted, Won, claim, hinders
from tasks.locks.ports import Clock, LockRow, LockStore, Owner
from tasks.locks.registry import find_dead
from tasks.locks.timing import LockTiming
from tasks.locks.track_locks import TrackLocks
from tasks.locks.value import parse
from tasks.side_by_side import side_by_side

log = logging.getLogger(__name__)

_AT_ONCE = 8


@dataclass
class CleanupReport:
    """What became of the locks: the rows' ids by outcome, and the lock each row showed.

    `cleared` were freed (in a dry run: would be), `live` belong to somebody, `contested` were
    claimed by another just then, `failed` could not be decided: ask again later. `unparseable`
    are those of any outcome whose text is no lock.
    """

    dry_run: bool = False
    cleared: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    contested: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unparseable: list[str] = field(default_factory=list)
    locks: dict[str, str] = field(default_factory=dict)

    @property
    def still_locked(self) -> frozenset[str]:
        """The locks that stand on rows yet, for DeadProcesses.forget."""
        gone = set() if self.dry_run else set(self.cleared)
        return frozenset(lock for page_id, lock in self.locks.items() if page_id not in gone)


async def clear_stale(
    locks: TrackLocks, rows: AsyncIterable[LockRow], registry: Path, *, dry_run: bool = False
) -> CleanupReport:
    """Free the `rows` whose lock nobody holds any more.

    `registry` is the folder in which this host's processes record the locks they hold.
    """
    dead = find_dead(registry, host=locks.owner.host)
    locks.inherited = frozenset(dead.busy)
    report = await clean_stale(
        locks.store,
        locks.clock,
        locks.timing,
        locks.owner,
        rows,
        dead=dead.tokens,
        dry_run=dry_run,
    )
    if not dry_run:
        dead.forget(report.still_locked)
    return report


async def clean_stale(
    store: LockStore,
    clock: Clock,
    timing: LockTiming,
    owner: Owner,
    rows: AsyncIterable[LockRow] | Iterable[LockRow],
    *,
    dead: Collection[str] = frozenset(),
    dry_run: bool = False,
) -> CleanupReport:
    """Free each of `rows` whose lock is older than T by Notion's time, cannot be parsed and was
    not edited for T, or is, as a whole string, one of the `dead` processes' tokens.

    `rows` may come from a listing, however stale: each is read again before it is claimed. Eight
    at most are claimed side by side. Errors of single rows are logged and reported.
    """
    cleaner = _Cleaner(store, clock, timing, owner, dead, CleanupReport(dry_run))
    gate = asyncio.Semaphore(_AT_ONCE)
    async with side_by_side() as group:
        async for row in _each(rows):
            if cleaner.note(row):
                await gate.acquire()
                task = group.create_task(cleaner.clear(row.page_id))
                task.add_done_callback(lambda _: gate.release())
    return cleaner.report


@dataclass(frozen=True)
class _Cleaner:
    store: LockStore
    clock: Clock
    timing: LockTiming
    owner: Owner
    dead: Collection[str]
    report: CleanupReport

    def note(self, row: LockRow) -> bool:
        """Enter a listed row into the report. True if it is to be claimed."""
        against = self.judge(row)
        if isinstance(against, NotWanted) or self._is_ours(row):
            return False
        self.report.locks[row.page_id] = row.lock
        if parse(row.lock) is None:
            self.report.unparseable.append(row.page_id)
        if against is not None:
            self.report.live.append(row.page_id)
        elif self.report.dry_run:
            self.report.cleared.append(row.page_id)
        return against is None and not self.report.dry_run

    def _is_ours(self, row: LockRow) -> bool:
        """True for a row that this process is at work on."""
        lock = parse(row.lock)
        ours = lock is not None and (lock.pid, lock.host) == (self.owner.pid, self.owner.host)
        return ours and row.lock not in self.dead

    async def clear(self, page_id: str) -> None:
        outcome = await self._outcome(page_id)
        outcome.append(page_id)

    async def _outcome(self, page_id: str) -> list[str]:
        """The list of the report that the row belongs to."""
        try:
            won = await claim(
                self.store, self.clock, self.timing, self.owner, page_id, judge=self.judge
            )
            return await self._released(won)
        except (NotionError, LockError) as error:
            log.warning("The stale lock on row %s was not cleared: %s", page_id, error)
            return self.report.failed

    async def _released(self, outcome: Claim) -> list[str]:
        if isinstance(outcome, Won):
            await outcome.lease.finish({})
        if isinstance(outcome, Won | NotWanted):
            return self.report.cleared
        return self.report.contested

    def judge(self, row: LockRow) -> Locked | NotWanted | None:
        """Does the lock stand against clearing it? NotWanted if there is none."""
        if row.in_trash or not row.lock.strip():
            return NotWanted(row)
        if row.lock in self.dead or not hinders(row, self.clock, self.timing):
            return None
        return Locked(row.page_id, row.lock)


async def _each(rows: AsyncIterable[LockRow] | Iterable[LockRow]) -> AsyncIterator[LockRow]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row
