"""Claiming a row: read, put a token, let it settle, read again (docs/lock.md, "Claiming").

The claim assumes nothing of the network. It bounds its own time instead: a token counts only if
it is known to have landed within W of the first read, and only if it still stands S > W later.
The second read is the lease's proof; who has work that can be thrown away may begin before it.
When in doubt the row is not claimed, and a lost claim leaves the lock alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from tasks.errors import ClaimLost, LockedElsewhere, NotionError, NotionRefused
from tasks.locks.lease import Lease
from tasks.locks.ports import Clock, LockRow, LockStore, Owner
from tasks.locks.proof import PAUSES, Proof, claim_lost, wait_after
from tasks.locks.shielded import see_through
from tasks.locks.term import Term
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue, holder, is_live

_LOOKS = ((0.0, 1 / 3), (0.0, 1 / 3), (0.5, 1 / 3), (1.0, 1 / 3), (2.0, 1 / 2), (4.0, 1 / 2))
"""The looks at a row, while nothing has been written into it: seconds before each, and the part of
W that it may take."""
_PARTED = "this machine's clocks parted meanwhile, as if it had stood still."


@dataclass(frozen=True)
class Won:
    """The row is ours, or will be once `lease` is proven, where that was left for later.

    `lease.row` is the input.
    """

    lease: Lease


@dataclass(frozen=True)
class Locked:
    """A live lock, the text `by`, stands on the row: skipped_locked."""

    page_id: str
    by: str

    def error(self) -> LockedElsewhere:
        """The same as an error, for who wants to raise it."""
        return LockedElsewhere(f"The row {self.page_id} is locked by {holder(self.by)}.")


@dataclass(frozen=True)
class Lost:
    """The claim could not be proven: skipped_locked. `token` may stand on the row until T."""

    page_id: str
    reason: str
    token: str

    def error(self) -> ClaimLost:
        """The same as an error, for who wants to raise it."""
        return claim_lost(self.page_id, self.reason)


@dataclass(frozen=True)
class NotWanted:
    """`row` is done already, in the trash, or no longer what was asked for."""

    row: LockRow


Claim: TypeAlias = Won | Locked | Lost | NotWanted
Judge: TypeAlias = Callable[[LockRow], Locked | NotWanted | None]


async def claim(
    store: LockStore,
    clock: Clock,
    timing: LockTiming,
    owner: Owner,
    page_id: str,
    *,
    judge: Judge,
    proof_later: bool = False,
) -> Claim:
    """Try to become the one owner of a row. `judge` names what stands against that, or None.

    It is asked at the first read, and again, about the row alone, when the claim is won. With
    `proof_later` the row is not ours yet: nothing that stays may begin before `lease.proven()`.
    Raises NotionError if nothing was written and another attempt cannot help, or three did not.
    If cancelled, a claim under way is decided first, and freed again if it is won.
    """
    attempt = _Attempt(store, clock, timing, owner, page_id, judge, proof_later)
    for pause in PAUSES:
        try:
            return await attempt.make()
        except NotionRefused as error:
            return await attempt.refused(error)
        except NotionError as error:  # certainly not written: begin again at step 0
            if not error.retryable:
                raise
            await wait_after(error, pause, clock)
    return await attempt.make()


def for_work(
    clock: Clock,
    timing: LockTiming,
    wanted: Callable[[LockRow], bool],
    inherited: Collection[str] = (),
) -> Judge:
    """The judge of who wants to work on a row. `inherited` are locks of this machine's dead
    processes that hinder all but this machine.
    """

    def judge(row: LockRow) -> Locked | NotWanted | None:
        if row.in_trash or not wanted(row):
            return NotWanted(row)
        if row.lock in inherited or not hinders(row, clock, timing):
            return None
        return Locked(row.page_id, row.lock)

    return judge


def hinders(row: LockRow, clock: Clock, timing: LockTiming) -> bool:
    """True if the row's lock stands against a claim. Unless Notion's time is sure, any does."""
    if not row.lock.strip():
        return False
    now, lifetime = clock.now(), timing.lifetime
    live = is_live(row.lock, now=now, timeout=lifetime, last_edited=row.last_edited)
    return live or not clock.is_sure


@dataclass(frozen=True)
class _Attempt:
    store: LockStore
    clock: Clock
    timing: LockTiming
    owner: Owner
    page_id: str
    judge: Judge
    proof_later: bool

    async def make(self) -> Claim:
        """Steps 0 to 4. Raises NotionError if certainly nothing was written.

        Looks again while nothing is written and nothing but time speaks against it.
        """
        for pause, part in _LOOKS:
            if pause:
                await self.clock.sleep(pause)
            async with self.owner.turns:
                outcome = await self._put_once(part * self.timing.write_bound)
            if not isinstance(outcome, Lost) or outcome.token:
                break
        if isinstance(outcome, Won) and not self.proof_later:
            return await self._seen_through(self._verified(outcome))
        return outcome

    async def _put_once(self, patience: float) -> Claim:
        """Steps 0 to 2; the row is not proven to be ours yet.

        A late text stands in everybody's way, ours too, until its time is over. On a busy machine
        a write is as late as the read before it, so none is sent after one of over `patience` s.
        A token with a wrong time would be taken for an expired one, and hide a live one below it:
        none is written before Notion's time is sure.
        """
        await self.store.reserve(2)
        partings = self.clock.partings
        began = self.clock.monotonic()
        row = await self.store.read(self.page_id)
        against = self.judge(row)
        if against is not None:
            return against
        if not self.clock.is_sure:
            return Lost(self.page_id, "Notion's answers do not agree on the time.", "")
        if self.clock.monotonic() > began + patience:
            return Lost(self.page_id, "Notion took too long to show the row.", "")
        until = began + self.timing.write_bound
        return await self._seen_through(self._contend(row, until, partings))

    async def _seen_through(self, work: Coroutine[Any, Any, Claim]) -> Claim:
        return await see_through(self.clock, self.timing.grace, work, undo=_release_if_won)

    async def refused(self, error: NotionRefused) -> Claim:
        """A row that was thrown away since it was read takes no text: it is not wanted."""
        await self.store.reserve(1)
        against = self.judge(await self.store.read(self.page_id))
        if isinstance(against, NotWanted):
            return against
        raise error

    async def _contend(self, row: LockRow, until: float, partings: int) -> Claim:
        """Step 2. The bound W is worth nothing if the clock that measures it stood still.

        The token goes on record once it is known to have landed in time: it can hide no winner
        (docs/lock.md, "Cleaning up").
        """
        sent = self.clock.monotonic()
        if self.clock.partings != partings:
            return Lost(self.page_id, _PARTED, "")
        value = self.owner.attempt(self.clock.now())
        doubt = await self._put(str(value), until)
        if self.clock.partings != partings:
            doubt = doubt or _PARTED
        if doubt:
            return Lost(self.page_id, doubt, str(value))
        return Won(self._lease(row, value, sent))

    def _lease(self, row: LockRow, value: LockValue, sent: float) -> Lease:
        clock, timing = self.clock, self.timing
        term = Term(self.page_id, clock, timing, self.owner.log, value, sent)
        due = clock.monotonic() + timing.settle
        proof = Proof(self.store, clock, self.page_id, due, self._is_wanted)
        return Lease(self.store, clock, timing, term, row, proof)

    def _is_wanted(self, row: LockRow) -> bool:
        return not isinstance(self.judge(row), NotWanted)

    async def _put(self, token: str, until: float) -> str:
        """Step 2. "" once the token is known to have landed in time, else why it is not."""
        doubt = ""
        try:
            await self.store.write(self.page_id, token, timeout=until - self.clock.monotonic())
        except NotionError as error:
            if not error.maybe_applied:
                raise
            doubt = str(error)
        if doubt and await self._shows(token, until):
            doubt = ""
        if self.clock.monotonic() > until:
            doubt = doubt or "Notion took too long to answer."
        return doubt

    async def _shows(self, token: str, until: float) -> bool:
        """True if a read shows exactly `token` before `until`."""
        if self.clock.monotonic() >= until:
            return False
        await self.store.reserve(1)
        left = until - self.clock.monotonic()
        if left <= 0:
            return False
        try:
            row = await self.store.read(self.page_id, timeout=left)
        except NotionError:
            return False
        return row.lock == token

    async def _verified(self, won: Won) -> Claim:
        """Steps 3 and 4 at once."""
        lease = won.lease
        token = lease.token
        try:
            why = await lease.why_not_ours()
        except NotionError as error:
            why = f"it could not be verified ({error})"
        if why:
            return Lost(self.page_id, why, token)
        if not self._is_wanted(lease.row):
            await lease.release()
            return NotWanted(lease.row)
        return won


async def _release_if_won(outcome: Claim) -> None:
    if isinstance(outcome, Won):
        await outcome.lease.release()
