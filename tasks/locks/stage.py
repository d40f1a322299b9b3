"""The lock's stage: clear what crashed processes left behind."""

from __future__ import annotations

from collections.abc import AsyncIterable
from pathlib import Path

from tasks.locks.cleanup import CleanupReport, clean_stale
from tasks.locks.ports import LockRow
from tasks.locks.registry import find_dead
from tasks.locks.track_locks import TrackLocks
from tasks.stages import stage


@stage("clear-stale-locks")
async def clear_stale_locks(
    locks: TrackLocks, rows: AsyncIterable[LockRow], registry: Path, *, dry_run: bool = False
) -> CleanupReport:
    """Free the `rows` whose lock nobody holds any more (docs/lock.md, "Cleaning up").

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
