"""The proof of a claim: S after its text has landed, the row still shows it.

A later look is as good as an early one (docs/lock.md, "Claiming"). So whatever can be thrown away,
a download above all, may begin before it, and the one read proves the claim and shows the row as it
is by then. Notion is waited for by the lock's clock, and never without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tasks.errors import ClaimLost, NotionError
from tasks.locks.ports import Clock, LockRow, LockStore
from tasks.retrying import log_wait

PAUSES = (1.0, 4.0)
"""Seconds before a read is asked for again, and before a claim that wrote nothing begins again."""
LOOKS = 3
"""How often Notion is asked where its answers contradict each other on the time."""


@dataclass(frozen=True)
class Proof:
    """What is still to be seen of a claim whose text is known to have landed in time.

    `due` is the moment on the monotonic clock from which a look counts; `wanted` says whether the
    row is still what was asked for.
    """

    store: LockStore
    clock: Clock
    page_id: str
    due: float
    wanted: Callable[[LockRow], bool]

    async def read(self) -> LockRow:
        """The row, not before it counts. Raises NotionError.

        Once more where an answer has contradicted what was taken for Notion's time.
        """
        await self.clock.sleep(max(0.0, self.due - self.clock.monotonic()))
        row = await read_patiently(self.store, self.clock, self.page_id, PAUSES)
        for _ in range(LOOKS - 1):
            if self.clock.is_sure:
                break
            row = await read_patiently(self.store, self.clock, self.page_id, PAUSES)
        return row


def claim_lost(page_id: str, why: str) -> ClaimLost:
    """The error that says so."""
    return ClaimLost(
        f"The row {page_id} could not be claimed: {why}",
        remedy="The next run asks for it again.",
    )


async def wait_after(error: NotionError, pause: float, clock: Clock) -> None:
    """Sleep `pause` seconds, or as long as Notion asked for."""
    seconds = max(pause, error.retry_after or 0.0)
    log_wait(error, seconds)
    await clock.sleep(seconds)


async def read_patiently(
    store: LockStore, clock: Clock, page_id: str, pauses: Iterable[float]
) -> LockRow:
    """The row, asked for again after each of `pauses` while that can help. Raises NotionError."""
    for pause in pauses:
        await store.reserve(1)
        try:
            return await store.read(page_id)
        except NotionError as error:
            if not error.retryable:
                raise
            await wait_after(error, pause, clock)
    await store.reserve(1)
    return await store.read(page_id)
