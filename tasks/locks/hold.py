"""A row held for a change that is no track's work: a merge, and its undoing."""

from __future__ import annotations

import asyncio

from tasks.errors import LockError
from tasks.locks.claim import Locked, Lost, NotWanted, Won
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import HeldRow, TrackLocks, Unlocked

__all__ = ["hold_row"]

_ATTEMPTS = 3


async def hold_row(locks: TrackLocks, page_id: str) -> HeldRow:
    """The row, claimed; to be kept and released by the caller.

    A claim that was lost (a slow answer, another that came first) is tried three times. Raises
    LockError if another process holds the row, or it is in the trash; NotionError.
    """
    lost: dict[str, LockError] = {}
    for _ in range(_ATTEMPTS):
        outcome = await locks.claim(page_id, _is_there)
        match outcome:
            case Won(lease=lease):
                return lease
            case Unlocked():
                return outcome
            case Locked(by=by) if by not in lost:
                raise outcome.error()
            case Lost(token=token):
                lost[token] = outcome.error()
            case NotWanted():
                raise LockError(
                    f"The row {page_id} is in the trash.",
                    remedy="Restore it in Notion, then try again.",
                )
        await asyncio.sleep(locks.timing.settle)  # a lost token of ours may stand there
    raise next(reversed(lost.values()))


def _is_there(row: LockRow) -> bool:
    return not row.in_trash
