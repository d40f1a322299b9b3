"""The lock as a run uses it: one process's claims on tracks, or none where locking is off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from tasks.locks.claim import Locked, Lost, NotWanted, Won, claim, for_work
from tasks.locks.lease import Lease
from tasks.locks.ports import Clock, LockRow, LockStore, Owner
from tasks.locks.timing import LockTiming


class Unlocked:
    """A row worked on without a lock, because the database has none or the user wants none."""

    def __init__(
        self, row: LockRow, write: Callable[[str, Mapping[str, Any]], Awaitable[LockRow]]
    ) -> None:
        self.row = row
        self._write = write

    def require_safe(self) -> None:
        """Nobody claims the row, so nobody can lose it."""

    async def proven(self) -> LockRow:
        """The row as it was read at first: there is nothing to prove."""
        return self.row

    async def begin(self, seconds: float) -> None:
        """Nobody else waits for the step."""

    def over(self) -> None:
        """Nobody else waits for the step."""

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Unlocked]:
        """Nothing to renew."""
        yield self

    async def finish(self, properties: Mapping[str, Any]) -> LockRow:
        """Write the results; whatever stands in the lock property stays."""
        return await self._write(self.row.page_id, properties)

    async def release(self) -> bool:
        """Nothing to free."""
        return True


HeldRow: TypeAlias = Lease | Unlocked
"""A row that is ours to work on."""

Outcome: TypeAlias = Won | Locked | Lost | NotWanted | Unlocked


class TrackLocks:
    """Claims of this process, all with one owner, clock and timing.

    `inherited` are locks that dead processes of this machine left while Eagle was importing for
    them. This machine knows what to look for, and takes such a row over; to others it is locked.
    """

    def __init__(
        self,
        store: LockStore,
        clock: Clock,
        timing: LockTiming,
        owner: Owner,
        *,
        write_unlocked: Callable[[str, Mapping[str, Any]], Awaitable[LockRow]],
        enabled: bool,
    ) -> None:
        self.store = store
        self.clock = clock
        self.timing = timing
        self.owner = owner
        self.enabled = enabled
        self.inherited: frozenset[str] = frozenset()
        self.write_unlocked = write_unlocked

    async def claim(
        self, page_id: str, wanted: Callable[[LockRow], bool], *, proof_later: bool = False
    ) -> Outcome:
        """The row as ours, or why it is not. Raises NotionError when Notion does not answer.

        With `proof_later` for work that begins with what can be thrown away: the row is ours once
        it is `proven`.
        """
        if self.enabled:
            return await claim(
                self.store,
                self.clock,
                self.timing,
                self.owner,
                page_id,
                judge=for_work(self.clock, self.timing, wanted, self.inherited),
                proof_later=proof_later,
            )
        await self.store.reserve(1)
        row = await self.store.read(page_id)
        if row.in_trash or not wanted(row):
            return NotWanted(row)
        return Unlocked(row, self.write_unlocked)
