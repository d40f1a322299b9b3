"""Rows changed for another reason than a track's work: a merge, its undoing, a playlist.

Whatever is written is decided on the row as it was read right before. Where two rows must agree, or
somebody may hold the row, it is claimed first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

from tasks.errors import LockError, NotionError
from tasks.locks.claim import Locked, Lost, NotWanted, Won, hinders
from tasks.locks.ports import LockRow
from tasks.locks.proof import PAUSES
from tasks.locks.track_locks import HeldRow, TrackLocks, Unlocked

Decide: TypeAlias = Callable[[LockRow], Awaitable[Mapping[str, Any]]]
"""What to write into a row by what it shows now (Notion's JSON); nothing if it needs nothing."""

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
        await locks.clock.sleep(locks.timing.settle)  # a lost token of ours may stand there
    raise next(reversed(lost.values()))


def _is_there(row: LockRow) -> bool:
    return not row.in_trash


@asynccontextmanager
async def hold_rows(
    locks: TrackLocks, page_ids: Iterable[str]
) -> AsyncIterator[dict[str, HeldRow]]:
    """The rows by their ids, claimed in the order of these and kept; freed afterwards.

    Their `row` is what they show under the claim. Raises as `hold_row`.
    """
    async with AsyncExitStack() as stack:
        rows: dict[str, HeldRow] = {}
        for page_id in sorted(page_ids):
            lease = await hold_row(locks, page_id)
            stack.push_async_callback(lease.release)
            rows[page_id] = await stack.enter_async_context(lease.kept())
        yield rows


async def write_decided(
    locks: TrackLocks, page_id: str, decide: Decide, *, unseen: Mapping[str, Any] | None = None
) -> LockRow | None:
    """Read the row, decide, write at once; the row as it stands, None if nothing was written.

    If somebody's lock stands on it, it is claimed, and the decision is made under the claim. A
    write without a clear answer is not repeated before it must have landed, and then decided anew.
    `unseen` are values that are tried first, without a read: for what follows from elsewhere, and
    is checked by the answer. Raises LockError, NotionError.
    """
    for pause in (*PAUSES, None):
        values = unseen
        if values is None:
            await locks.store.reserve(1)
            row = await locks.store.read(page_id)
            if locks.enabled and hinders(row, locks.clock, locks.timing):
                return await _write_claimed(locks, page_id, decide)
            values = await decide(row)
        if not values:
            return None
        try:
            return await locks.write_unlocked(page_id, values)
        except NotionError as error:
            if pause is None or not error.retryable:
                raise
            lands = locks.timing.landing if error.maybe_applied else 0.0
            await locks.clock.sleep(max(lands, pause, error.retry_after or 0.0))
        unseen = None
    return None


async def _write_claimed(locks: TrackLocks, page_id: str, decide: Decide) -> LockRow | None:
    async with hold_rows(locks, [page_id]) as rows:
        values = await decide(rows[page_id].row)
        return await rows[page_id].finish(values) if values else None
