"""`library-sync undo RUN`: take a run's merges back, from its journal, newest change first.

A property that somebody changed since then is left as it is, and said.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from flows.session import Session, open_session
from tasks.dedupe.journal import Change, MergeJournal, taken_back
from tasks.errors import ConfigurationError, LockError
from tasks.locks.claim import Won
from tasks.locks.track_locks import HeldRow, Unlocked
from tasks.locks.written import shows

__all__ = ["journalled_runs", "undo_run"]

_log = logging.getLogger("flows.undo")


def journalled_runs(state_dir: Path) -> list[str]:
    """The names of the runs that merged something, oldest first."""
    return sorted(path.parent.name for path in (state_dir / "runs").glob("*/merges.jsonl"))


async def undo_run(run: str) -> int:
    """Take the run's merges back; the number of rows restored. Raises SyncError."""
    async with open_session(with_eagle=False) as session:
        changes = _changes(session, run)
        restored = 0
        for page_id, of_page in groupby(changes, key=lambda change: change.page_id):
            restored += await _restore(session, page_id, list(of_page))
    return restored


def _changes(session: Session, run: str) -> list[Change]:
    state_dir = session.settings.state_dir
    path = state_dir / "runs" / run / "merges.jsonl"
    known = journalled_runs(state_dir)
    if run not in known:
        listed = ", ".join(known[-5:]) or "none so far"
        raise ConfigurationError(
            f"There is no journal of a run named {run!r}.",
            remedy=f"Runs that merged rows: {listed}.",
        )
    return taken_back(MergeJournal(path).read())


async def _restore(session: Session, page_id: str, changes: Sequence[Change]) -> bool:
    outcome = await session.locks.claim(page_id, lambda row: not row.in_trash)
    lease: HeldRow
    if isinstance(outcome, Won):
        lease = outcome.lease
    elif isinstance(outcome, Unlocked):
        lease = outcome
    else:
        raise LockError(f"The row {page_id} is locked or gone; it was not restored.")
    try:
        async with lease.kept():
            values = _values(lease.row.page, changes)
            await lease.finish(values)
    finally:
        await lease.release()
    return bool(values)


def _values(page: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The properties to write back: those that still show what the merge wrote."""
    values = {}
    for change in changes:
        written, before = json.loads(str(change.before)), json.loads(str(change.after))
        if before is not None and shows(page, {change.field: written}):
            values[change.field] = before
        else:
            _log.warning("%s: %s was changed since; left as it is", page["id"], change.field)
    return values
