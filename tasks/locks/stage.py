"""The lock's stage: clear what crashed processes left behind."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable
from pathlib import Path

from tasks.locks.cleanup import CleanupReport, clear_stale
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import TrackLocks
from tasks.stages import stage


@stage("clear-stale-locks")
async def clear_stale_locks(
    locks: TrackLocks,
    rows: AsyncIterable[LockRow],
    registry: Path,
    clearing: Awaitable[CleanupReport] | None = None,
    *,
    dry_run: bool = False,
) -> CleanupReport:
    """Free the `rows` whose lock nobody holds any more; `clearing` is that, where it has begun."""
    if clearing is not None:
        return await clearing
    return await clear_stale(locks, rows, registry, dry_run=dry_run)
