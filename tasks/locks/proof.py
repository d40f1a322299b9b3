"""The proof of a claim: S after its text has landed, the row still shows it.

A later look is as good as an early one (docs/lock.md, "Claiming"). So whatever can be thrown away,
a download above all, may begin before it, and the one read proves the claim and shows the row as it
is by then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tasks.errors import ClaimLost
from tasks.locks.ports import Clock, LockRow, LockStore
from tasks.locks.waits import read_patiently

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
