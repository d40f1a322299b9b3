"""`library-sync undo RUN`: take a run's merges back, from its journal, newest change first.

A property that somebody changed since then is left as it is, and said.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from flows.session.connections import Connections
from flows.session.opening import open_session
from tasks.dedupe.journal import THE_PAGE, Change, MergeJournal, taken_back
from tasks.errors import ConfigurationError, LockError, SyncError
from tasks.locks.hold import hold_row
from tasks.locks.written import shows
from tasks.notion.relations import with_whole_relations
from tasks.retrying import PATIENT, retrying, surely_not_applied

__all__ = ["journalled_runs", "undo_run"]

_log = logging.getLogger("flows.undo")


def journalled_runs(state_dir: Path) -> list[str]:
    """The names of the runs that merged something, oldest first."""
    return sorted(path.parent.name for path in (state_dir / "runs").glob("*/merges.jsonl"))


async def undo_run(run: str) -> int:
    """Take the run's merges back; the number of rows restored.

    A row that cannot be claimed now keeps no other from being restored. Raises SyncError if there
    was any, once the others are done: run it again then.
    """
    restored: set[str] = set()
    failed: dict[str, SyncError] = {}
    async with open_session(with_eagle=False) as opened:
        connections = opened.connections
        changes = _changes(connections, run)
        await _let_writes_land(connections, run, changes)
        for page_id, of_page in groupby(changes, key=lambda change: change.page_id):
            try:
                if await _restore(connections, page_id, list(of_page)):
                    restored.add(page_id)
            except SyncError as error:
                _log.warning("%s was not restored: %s", page_id, error)
                failed[page_id] = error
    if failed:
        raise LockError(
            f"{len(restored)} rows were restored, {len(failed)} were not: "
            f"{next(iter(failed.values()))}",
            remedy="Run `library-sync undo` again later; what is restored stays.",
        )
    return len(restored)


def _changes(connections: Connections, run: str) -> list[Change]:
    state_dir = connections.settings.state_dir
    path = state_dir / "runs" / run / "merges.jsonl"
    known = journalled_runs(state_dir)
    if run not in known:
        listed = ", ".join(known[-5:]) or "none so far"
        raise ConfigurationError(
            f"There is no journal of a run named {run!r}.",
            remedy=f"Runs that merged rows: {listed}.",
        )
    return taken_back(MergeJournal(path).read())


async def _let_writes_land(connections: Connections, run: str, changes: Sequence[Change]) -> None:
    """A run of a moment ago may have a page on its way into the trash, and take ours back."""
    if any(change.field == THE_PAGE for change in changes):
        journal = connections.settings.state_dir / "runs" / run / "merges.jsonl"
        age = max(0.0, time.time() - journal.stat().st_mtime)
        locks = connections.locks
        await locks.clock.sleep(max(0.0, locks.timing.landing - age))


async def _restore(connections: Connections, page_id: str, changes: Sequence[Change]) -> bool:
    """Whether anything of the row changed. Raises LockError, LeaseLost, NotionError."""
    if any(change.field == THE_PAGE for change in changes):
        await retrying(
            lambda: connections.notion.set_in_trash(page_id, is_trashed=False),
            PATIENT,
            repeats=surely_not_applied,
        )
    lease = await hold_row(connections.locks, page_id)
    try:
        async with lease.kept():
            fields = {change.key for change in changes}
            page = await with_whole_relations(connections.notion, lease.row.page, fields)
            values = _values(page, changes)
            if values:
                await lease.finish(values)
    finally:
        await lease.release()
    return bool(values)


def _values(page: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The properties to write back: those that still show what the merge wrote."""
    values = {}
    for change in changes:
        if change.field == THE_PAGE:
            continue
        written, before = json.loads(str(change.before)), json.loads(str(change.after))
        if before is not None and shows(page, {change.key: written}):
            values[change.key] = before
        elif before is None or not shows(page, {change.key: before}):
            _log.warning("%s: %s was changed since; left as it is", page["id"], change.field)
    return values
