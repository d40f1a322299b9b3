"""`library-sync undo RUN`: take a run's merges back, from its journal, newest change first.

A property that somebody changed since then is left as it is, and said. An undone merge is a
decision: its rows are not merged again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from flows.session.connections import Connections
from flows.session.opening import open_session, run_settings
from tasks.dedupe.journal import THE_PAGE, Change, Decisions, MergeJournal, taken_back
from tasks.errors import ConfigurationError, LockError, SyncError
from tasks.locks.hold import hold_row
from tasks.locks.written import shows
from tasks.notion.links import id_in
from tasks.notion.playlists import with_whole_relations
from tasks.notion.properties import DUPLICATE
from tasks.notion.trash import set_in_trash
from tasks.shown_text import counted

_log = logging.getLogger("flows.undo")


_UNDONE = "merges.undone"


@dataclass(frozen=True)
class MergingRun:
    """A run that merged rows: `merges` are (redirected, kept) by their titles."""

    name: str
    merges: Sequence[tuple[str, str]]
    is_undone: bool

    def lines(self) -> list[str]:
        """The run for a terminal."""
        undone = "  (undone)" if self.is_undone else ""
        return [f"{self.name}{undone}", *(f"   {one} -> {kept}" for one, kept in self.merges)]


def journalled_runs(state_dir: Path) -> list[str]:
    """The names of the runs that merged something, oldest first."""
    return sorted(path.parent.name for path in (state_dir / "runs").glob("*/merges.jsonl"))


def merging_runs(state_dir: Path) -> list[MergingRun]:
    """What each of these runs merged, and whether it was undone, oldest first."""
    found = []
    for name in journalled_runs(state_dir):
        folder = state_dir / "runs" / name
        changes = MergeJournal(folder / "merges.jsonl").read()
        merges = {
            (change.page_id, change.partner): (change.title or "Untitled", change.partner_title)
            for change in changes
            if change.partner and _marks(change)
        }
        found.append(MergingRun(name, list(merges.values()), (folder / _UNDONE).exists()))
    return found


def merges_told(state_dir: Path) -> str:
    """The same for a terminal."""
    lines = [text for each in merging_runs(state_dir) for text in each.lines()]
    return "\n".join(lines) or "No run has merged rows."


def _marks(change: Change) -> bool:
    """True for the change that made a row a duplicate, not for what the keeper gained."""
    return DUPLICATE in str(change.after)


async def keep_apart(rows: Sequence[str]) -> None:
    """Say of two rows, by id or address, that they are no duplicates. Raises ConfigurationError."""
    ids = [id_in(row) for row in rows]
    if len(ids) != 2 or not all(ids):
        raise ConfigurationError(
            f"{' and '.join(rows)} are not the addresses of two rows.",
            remedy="Copy the links of the two rows in Notion.",
        )
    settings = await run_settings()
    if not settings.dry_run:
        Decisions(settings.state_dir).keep_apart([(ids[0], ids[1])])


async def undo_run(run: str, *, dry_run: bool = False) -> int:
    """Take the run's merges back; the number of rows restored (in a dry run: that would be).

    Raises LockError if some rows were not, once the others are: run it again then.
    """
    async with open_session(with_eagle=False, dry_run=dry_run) as opened:
        connections = opened.connections
        changes = _changes(connections, run)
        if connections.settings.dry_run:
            return len(_said(changes))
        connections.decisions.keep_apart(
            (change.page_id, change.partner) for change in changes if change.partner
        )
        await _let_writes_land(connections, run, changes)
        restored, failed = await _restore_all(connections, changes)
    if failed:
        raise LockError(
            f"Restored: {counted(len(restored), 'row')}; not restored: {len(failed)}. {failed[0]}",
            remedy="Run `library-sync undo` again later; what is restored stays.",
        )
    (connections.settings.state_dir / "runs" / run / _UNDONE).touch()
    return len(restored)


async def _restore_all(
    connections: Connections, changes: Sequence[Change]
) -> tuple[set[str], list[SyncError]]:
    """The ids of the rows that were restored, and why others were not: none keeps another."""
    restored: set[str] = set()
    failed: list[SyncError] = []
    for page_id, of_page in groupby(changes, key=lambda change: change.page_id):
        try:
            if await _restore(connections, page_id, list(of_page)):
                restored.add(page_id)
        except SyncError as error:
            _log.warning("%s was not restored: %s", page_id, error)
            failed.append(error)
    return restored, failed


def _said(changes: Sequence[Change]) -> set[str]:
    """The pages that an undo would restore, each told once."""
    pages = {change.page_id: change.title or change.page_id for change in changes}
    for title in pages.values():
        _log.info("   Would restore: %s", title)
    return set(pages)


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
    """Whether anything of the row changed. Raises LockError, NotionError."""
    if any(change.field == THE_PAGE for change in changes):
        await set_in_trash(connections.notion, page_id, is_trashed=False)
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
