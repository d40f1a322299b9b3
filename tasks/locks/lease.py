"""Holding a claimed row: proof, renewal, results and release (docs/lock.md, "Holding").

What is known of the lease's time stands in term.py; here is what Notion is asked for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tasks.errors import LockError, NotionError, RowChanged, TakenOver, WriteNotVerified
from tasks.locks.ports import Clock, LockRow, LockStore
from tasks.locks.proof import LOOKS, Proof, claim_lost, read_patiently, wait_after
from tasks.locks.shielded import finish_within, see_through
from tasks.locks.term import State, Term
from tasks.locks.timing import LockTiming
from tasks.locks.value import holder, parse
from tasks.locks.written import shows

log = logging.getLogger(__name__)

_PAUSES = (1.0, 4.0, 10.0)
_PATIENT_PAUSES = (*_PAUSES, 30.0, 30.0, 30.0, 30.0)


class Lease:
    """A row this process holds. `row` is the row as it was read last: by the claim's first look,
    and from the proof on as that showed it.
    """

    def __init__(
        self,
        store: LockStore,
        clock: Clock,
        timing: LockTiming,
        term: Term,
        row: LockRow,
        proof: Proof,
    ) -> None:
        self.row = row
        self.page_id = row.page_id
        self.term = term
        self.is_proven = False
        self._store, self._clock, self._timing = store, clock, timing
        self._proof = proof
        self._proving = asyncio.Lock()
        self._renewal: asyncio.Future[bool] | None = None
        self._is_stopped = False

    @property
    def token(self) -> str:
        """The last token Notion acknowledged: the claim's, or a renewal's."""
        return self.term.token

    @property
    def left(self) -> float:
        """Seconds in which an irreversible step may still begin; 0 or less if none may."""
        return self.term.left

    @property
    def safe(self) -> bool:
        """True if an irreversible step may begin now. It may take up to M."""
        return self.term.is_safe

    def require_safe(self) -> None:
        """Raise LeaseLost unless the lease is safe as far as this machine's clocks know."""
        self.term.require_safe()

    async def proven(self) -> LockRow:
        """The row as the proof of the claim showed it; read now, if it was not before.

        Raises ClaimLost or LeaseLost if the row is not ours, RowChanged if it is and no longer
        wanted, NotionError if it could not be read: it may be asked for again.
        """
        await self.prove()
        await self._reassure()
        self.require_safe()
        if not self._proof.wanted(self.row):
            raise RowChanged("The row is done, or in the trash, by now.")
        return self.row

    async def prove(self) -> None:
        """See to it that the claim is proven, whatever else the row says. Raises ClaimLost,
        NotionError.
        """
        if why := await self.why_not_ours():
            raise claim_lost(self.page_id, why)

    async def why_not_ours(self) -> str:
        """ "" once the claim is proven, else why it is lost. Raises NotionError."""
        async with self._proving:
            if self.is_proven:
                return ""
            row = await self._proof.read()
            why = self._against(row)
            if why:
                self.term.strike(claim_lost(self.page_id, why))
            else:
                self.row, self.is_proven = row, True
            return why

    def _against(self, row: LockRow) -> str:
        if row.lock != self.token:
            return f"{holder(row.lock)} has it now."
        if not self.safe or not self._clock.is_sure:
            return "its lease was over before it was verified."
        return ""

    async def begin(self, seconds: float) -> None:
        """Return, without an await in between, when a step that takes up to `seconds` may begin.

        Until `over`, or until they have passed, the row is not released: who comes next must find
        what was asked for. Raises ClaimLost, RowChanged, LeaseLost, NotionError;
        LockTooShort for a step that no lease is long enough for.
        """
        await self.proven()
        needed = self._timing.lease_needed(seconds)
        if self.left < needed:
            await self._renewed()
        await self._reassure()
        self.require_safe()
        if self.left < needed:
            raise self._timing.too_short_for(seconds)
        self.term.step_begins(seconds)

    def over(self) -> None:
        """The step has ended: its effect was seen, or will certainly not come."""
        self.term.step_is_over()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Lease]:
        """Renew the lock every T/3 while the body runs. Once the lease is lost the body is
        cancelled, and LeaseLost or ClaimLost raised in its place: by a timer when it is no longer
        safe, at once when a look at the row shows that another has it.
        """
        self.require_safe()
        host = asyncio.current_task()
        assert host is not None
        before = host.cancelling()
        ends = (self._time_is_over, self._renew_while_ours)
        watches = [asyncio.ensure_future(self._stop_after(end, host)) for end in ends]
        try:
            yield self
        except asyncio.CancelledError:
            if not (self._is_stopped and host.uncancel() <= before):
                raise
            self.require_safe()
        finally:
            for watch in watches:
                watch.cancel()

    async def finish(self, properties: Mapping[str, Any]) -> LockRow:
        """Write the results, or the failure, and release the row, in ONE PATCH.

        Returns the row as it stands afterwards. Raises LeaseLost if the lease was over before
        the write was proven, ClaimLost if the row was never ours, NotionError if Notion refuses it
        (the lease is then still held), and WriteNotVerified if the row shows neither the results
        nor our lock.
        """
        await self._clock.sleep(self.term.step_left)
        pauses = iter(_PATIENT_PAUSES)
        while True:
            await self._store.reserve(1)
            try:
                return await self._send_last(properties)
            except NotionError as error:
                if error.maybe_applied:
                    row = await self._look_after_landing(properties, error)
                    if row is not None:
                        return row
                else:
                    await self._pause_or_raise(error, next(pauses, None))

    async def release(self) -> bool:
        """Free the row without results, even while cancelled, within the grace of LockTiming.

        For `finally`: does nothing if the row was released, may have been, or was lost. True if
        the row is known to be free of us. What cannot be freed in time expires, and so does a row
        with a step under way that takes longer.
        """
        term, grace = self.term, self._timing.grace
        if term.is_open and term.is_safe and term.step_left < grace:
            await finish_within(self._clock, grace, self._release())
        if term.state not in {State.CLOSED, State.LOST}:
            log.warning("The lock on row %s is left to expire.", self.page_id)
        return term.state is State.CLOSED

    async def _release(self) -> None:
        await self._clock.sleep(self.term.step_left)
        for pause in _PAUSES:
            await self._store.reserve(1)
            try:
                await self._write_last({})
            except LockError:
                return
            except NotionError as error:
                if error.maybe_applied or not error.retryable:
                    return
                await wait_after(error, pause, self._clock)
            else:
                return

    async def _send_last(self, properties: Mapping[str, Any]) -> LockRow:
        grace = self._timing.grace
        return await see_through(self._clock, grace, self._write_last(properties))

    async def _write_last(self, properties: Mapping[str, Any]) -> LockRow:
        """The one PATCH that ends the lease. From its sending on nothing is renewed, and no answer
        of a renewal counts.
        """
        await self.prove()
        await self._let_renewal_end()
        await self._reassure()
        self.require_safe()
        self.term.close()
        try:
            row = await self._store.write(self.page_id, "", properties or None)
        except NotionError as error:
            if not error.maybe_applied:
                self.term.reopen()
            raise
        self.term.closed()
        return row

    async def _look_after_landing(
        self, properties: Mapping[str, Any], error: NotionError
    ) -> LockRow | None:
        """After an unanswered last write: the row, if it landed; None if it is to be repeated."""
        await wait_after(error, self._timing.landing, self._clock)
        row = await read_patiently(self._store, self._clock, self.page_id, _PAUSES)
        if _still_acknowledged(row.lock, self.token):
            self.term.reopen()
            return None
        self.term.closed()
        if shows(row.page, properties):
            return row
        raise WriteNotVerified(
            f"Notion did not confirm the results of row {self.page_id}, and the row does not "
            f"show them ({error})",
            remedy="The next run looks at the row again; nothing is imported twice.",
        ) from error

    async def _pause_or_raise(self, error: NotionError, pause: float | None) -> None:
        if pause is None or not error.retryable:
            raise error
        await wait_after(error, pause, self._clock)

    async def _stop_after(
        self, end: Callable[[], Awaitable[LockError]], host: asyncio.Task[Any]
    ) -> None:
        """Cancel `host`, once, for the reason that `end` comes with."""
        why = await end()
        if not self._is_stopped:
            self._is_stopped = True
            log.warning("%s %s", why, why.remedy)
            host.cancel()

    async def _time_is_over(self) -> LockError:
        """The timer. It looks at the clocks between, since Notion may tell of time this machine
        did not count.
        """
        while self.term.why_lost is None:
            left = self.left if self.term.is_open else self._timing.renew_again
            if left > 0:
                await self._clock.sleep(min(left, self._timing.renew_again))
            else:
                self.term.lose()
        return self.term.why_lost

    async def _renew_while_ours(self) -> LockError:
        wait = self._timing.renew_every
        while self.term.why_lost is None:
            await self._clock.sleep(wait)
            renewed = await self._renewed()
            wait = self._timing.renew_every if renewed else self._timing.renew_again
        return self.term.why_lost

    async def _renewed(self) -> bool:
        """One renewal, that on its way if there is one. True if it counts."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.ensure_future(self._renew())
        return await asyncio.shield(self._renewal)

    async def _renew(self) -> bool:
        """Put our token back with a new TIMESTAMP, whatever stands there. True if it counts:
        answered while the lease before it was still safe, and before the release was sent.
        """
        await self._store.reserve(1)
        try:
            await self.prove()
            await self._reassure()
            if not self.safe:
                return False
            sent = self._clock.monotonic()
            value = self.term.renewed()
            patience = min(self.left, self._timing.landing)
            await self._store.write(self.page_id, str(value), timeout=patience)
        except LockError:
            return False
        except NotionError as error:
            log.warning("The lock on row %s was not renewed: %s", self.page_id, error)
            return False
        counts = self.left > 0
        if counts:
            self.term.acknowledge(value, sent)
        return counts

    async def _reassure(self) -> None:
        """Where this machine may have stood still, ask Notion for its time, and whether the row is
        ours. Raises TakenOver or LeaseLost unless it is, NotionError.
        """
        for _ in range(LOOKS):
            if not self._clock.is_in_doubt:
                return
            await self._store.reserve(1)
            row = await self._store.read(self.page_id)
            value = parse(row.lock)
            if value is None or value.uuid != self.term.value.uuid:
                self.term.lose(self._taken_by(row.lock))
        if self._clock.is_in_doubt:
            self.term.lose()
        self.require_safe()

    def _taken_by(self, lock: str) -> TakenOver:
        return TakenOver(
            f"The row {self.page_id} was taken over: {holder(lock)} has it now; the work on it "
            "was stopped."
        )

    async def _let_renewal_end(self) -> None:
        """A renewal on its way may overtake our last write and lock the row again: wait for it."""
        if self._renewal is not None and not self._renewal.done():
            timer = asyncio.ensure_future(self._clock.sleep(self._timing.grace / 3))
            either: set[asyncio.Future[Any]] = {self._renewal, timer}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            timer.cancel()


def _still_acknowledged(lock: str, token: str) -> bool:
    """Our last write has not landed: the row shows, as a whole, the token acknowledged last.

    A renewal of ours that was never answered does not count: it may have landed late, on top of
    a new holder's token.
    """
    return lock == token
