"""Redirecting a duplicate row to the row that is kept, with both claimed and a journal first."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from flows.session.connections import Connections
from tasks.dedupe.journal import THE_PAGE, Change, MergeJournal
from tasks.dedupe.merge import plan_merge
from tasks.errors import LeaseLost, LockError, NotionError, SyncError
from tasks.locks.hold import hold_row
from tasks.locks.track_locks import HeldRow
from tasks.notion.relations import with_whole_relations
from tasks.notion.rows import to_track
from tasks.notion.schema import DUPLICATE, Field, Schema
from tasks.notion.statuses import status_value
from tasks.notion.values import value_at
from tasks.notion.writes import property_values, writable
from tasks.retrying import PATIENT, retrying
from tasks.tracks import Track, TrackResult, TrackStatus

__all__ = ["redirect"]

_log = logging.getLogger("flows.redirect")


async def redirect(
    connections: Connections, run_folder: Path, keeper: Track, other: Track, reason: str
) -> TrackResult:
    """Unite `other` with `keeper` in Notion and mark it as its duplicate; never raises.

    Both rows are claimed, in the order of their ids. Nothing of the keeper's is overwritten; the
    other row keeps everything and gets the status `Duplicate`. What changes is journalled in
    `run_folder` before.
    """
    try:
        async with AsyncExitStack() as held:
            rows = {
                page_id: await _held(connections, held, page_id)
                for page_id in sorted((keeper.page_id, other.page_id))
            }
            journal = MergeJournal(run_folder / "merges.jsonl")
            await _unite(connections, journal, rows[keeper.page_id], rows[other.page_id])
    except (LockError, LeaseLost) as error:
        return _result(other, keeper, TrackStatus.SKIPPED_LOCKED, str(error))
    except SyncError as error:
        _log.warning("%s was not redirected to %s: %s", other.label, keeper.label, error)
        return _result(other, keeper, TrackStatus.FAILED, str(error), error)
    _log.info("   Duplicate: %s points to %s now (%s)", other.label, keeper.label, reason)
    return _result(other, keeper, TrackStatus.SKIPPED_DUPLICATE, f"redirected: {reason}")


async def _held(connections: Connections, stack: AsyncExitStack, page_id: str) -> HeldRow:
    lease = await hold_row(connections.locks, page_id)
    stack.push_async_callback(lease.release)
    await stack.enter_async_context(lease.kept())
    return lease


async def _unite(
    connections: Connections, journal: MergeJournal, keeper: HeldRow, other: HeldRow
) -> None:
    """The keeper's gains first: should we die between the two, the next run finds both again."""
    kept = await connections.playlists.of(to_track(keeper.row.page, connections.schema))
    given = await connections.playlists.of(to_track(other.row.page, connections.schema))
    merge = plan_merge(kept, given)
    gains = keeper_values(merge.keeper_changes, connections.schema)
    marks = redirect_values(connections.schema, kept, given)
    for row, values in ((keeper, gains), (other, marks)):
        written = property_values(connections.schema, values)
        page = await with_whole_relations(connections.notion, row.row.page, written)
        _journal(journal, page, written)
        await row.finish(written)
    if connections.settings.dedupe_archive:
        change = Change(page_id=given.page_id, field=THE_PAGE, before=False, after=True)
        journal.record(change)
        await retrying(
            lambda: connections.notion.set_in_trash(given.page_id, is_trashed=True), PATIENT
        )


def keeper_values(changes: Mapping[str, object], schema: Schema) -> dict[Field, Any]:
    """A merge's changes as fields of Notion: related playlists by id, others by name."""
    is_relation = Field.PLAYLISTS in schema and schema[Field.PLAYLISTS].type == "relation"
    unused = "playlists" if is_relation else "playlist_ids"
    return {
        Field.PLAYLISTS if name == "playlist_ids" else Field(name): value
        for name, value in changes.items()
        if name != unused
    }


def redirect_values(schema: Schema, keeper: Track, other: Track) -> dict[Field, Any]:
    """What marks a row as redirected: status, box, link, as far as there are properties."""
    values: dict[Field, Any] = {Field.IS_DUPLICATE: True}
    status = status_value(schema, other.statuses, DUPLICATE, keeper.page_url)
    if status is not None:
        values[Field.STATUS] = status
    if Field.DUPLICATE_OF in schema:
        linked = schema[Field.DUPLICATE_OF].type == "relation"
        values[Field.DUPLICATE_OF] = [keeper.page_id] if linked else keeper.page_url
    if status is None and not schema.writes(Field.IS_DUPLICATE):
        raise NotionError(
            "The database has no property that could mark the row as a duplicate.",
            remedy="Add an option 'Duplicate' to 'Audio Processing Status', or a checkbox named "
            "'Duplicate'.",
        )
    return values


def _journal(journal: MergeJournal, page: Mapping[str, Any], written: Mapping[str, Any]) -> None:
    """Note each property before it changes, as the JSON that `undo` sends to take it back."""
    names = {value.get("id", name): name for name, value in page["properties"].items()}
    for key, value in written.items():
        change = Change(
            page_id=page["id"],
            field=names.get(key, key),
            property_id=key,
            before=json.dumps(writable(value_at(page, key)), ensure_ascii=False),
            after=json.dumps(value, ensure_ascii=False),
        )
        journal.record(change)


def _result(
    other: Track,
    keeper: Track,
    status: TrackStatus,
    reason: str,
    error: SyncError | None = None,
) -> TrackResult:
    return TrackResult.of(
        other,
        status,
        reason,
        error,
        dedupe_redirected=status is TrackStatus.SKIPPED_DUPLICATE,
        dedupe_keeper_id=keeper.page_id,
    )
