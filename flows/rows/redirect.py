"""Redirecting a duplicate row to the row that is kept, with both claimed and a journal first.

A listing only finds candidates. Whether two rows are duplicates, and which is kept, is decided on
both as they are under the claim, by the same rule on every machine.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flows.rows.short_links import follow_short_link
from flows.session.connections import Connections
from tasks.dedupe.groups import DuplicateGroup, duplicate_groups
from tasks.dedupe.journal import THE_PAGE, Change, MergeJournal
from tasks.dedupe.merge import plan_merge
from tasks.errors import LockError, NotionError, ServiceAway, SyncError
from tasks.facts import row_keys
from tasks.locks.hold import hold_rows
from tasks.locks.track_locks import HeldRow
from tasks.notion.playlists import with_whole_relations
from tasks.notion.properties import DUPLICATE, Field
from tasks.notion.rows import page_title, to_track
from tasks.notion.schema import Schema
from tasks.notion.statuses import status_value
from tasks.notion.trash import set_in_trash
from tasks.notion.values import value_at
from tasks.notion.writes import MOST_OPTIONS, property_values, writable
from tasks.retrying import Through, at_once
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.redirect")


async def redirect(
    connections: Connections,
    run_folder: Path,
    keeper: Track,
    other: Track,
    through: Through = at_once,
) -> TrackResult | None:
    """Unite the two rows in Notion and mark one as the other's duplicate. Raises ServiceAway.

    Both are claimed, in the order of their ids, and compared as they are now: None if they are no
    duplicates any more. Nothing of the keeper's is overwritten; the other row keeps everything and
    gets the status `Duplicate`. What changes is journalled in `run_folder` before. Broken off by
    a service that goes away, it is done again from its claim on.
    """
    journal = MergeJournal(run_folder / "merges.jsonl")
    try:
        pair = await through(lambda: _redirect(connections, journal, keeper, other))
        if pair is None:
            _log.info("   %s and %s are no duplicates any more", keeper.label, other.label)
            return None
        keeper, (other,) = pair.keeper, pair.others
    except ServiceAway:
        raise
    except LockError as error:
        return _result(other, keeper, TrackStatus.SKIPPED_LOCKED, str(error))
    except SyncError as error:
        _log.warning("%s was not redirected to %s: %s", other.label, keeper.label, error)
        return _result(other, keeper, TrackStatus.FAILED, str(error), error)
    _log.info("   Duplicate: %s points to %s now (%s)", other.label, keeper.label, pair.reason)
    return _result(other, keeper, TrackStatus.SKIPPED_DUPLICATE, f"redirected: {pair.reason}")


async def _redirect(
    connections: Connections,
    journal: MergeJournal,
    keeper: Track,
    other: Track,
    *,
    has_gained: bool = False,
) -> DuplicateGroup | None:
    """Who was kept and who redirected; None if they are no duplicates any more.

    What the keeper gains is written first, which frees it; then both are claimed and compared
    anew. A keeper is held until the other row is marked: by then it could be another's duplicate.
    """
    async with hold_rows(connections.locks, (keeper.page_id, other.page_id)) as rows:
        pair = await _as_they_are(connections, rows.values())
        if pair is None:
            return None
        keeper, (other,) = pair.keeper, pair.others
        marks = redirect_values(connections.schema, keeper, other)
        changes = {} if has_gained else plan_merge(keeper, other)
        gains = property_values(connections.schema, keeper_values(changes, connections.schema))
        if not gains:
            marked = property_values(connections.schema, marks)
            await _write(connections, journal, rows[other.page_id], marked, keeper)
            await _put_in_trash(connections, journal, other)
            return pair
        _say_left_out(keeper, changes)
        await _write(connections, journal, rows[keeper.page_id], gains, other)
    return await _redirect(connections, journal, keeper, other, has_gained=True)


async def _as_they_are(connections: Connections, rows: Iterable[HeldRow]) -> DuplicateGroup | None:
    """Which of two rows is kept, and which redirected; None unless both are live and agree."""
    tracks = [
        await follow_short_link(
            connections,
            await connections.playlists.of(to_track(row.row.page, connections.schema)),
        )
        for row in rows
    ]
    groups = duplicate_groups(
        tracks, lambda track: row_keys(track, connections.hosts), connections.decisions.are_apart
    )
    return next(iter(groups), None)


async def _write(
    connections: Connections,
    journal: MergeJournal,
    row: HeldRow,
    written: Mapping[str, Any],
    partner: Track,
) -> None:
    """Journalled first: should we die between two writes, the next run finds both rows again."""
    page = await with_whole_relations(connections.notion, row.row.page, written)
    _journal(journal, page, written, partner)
    await row.finish(written)


def _say_left_out(keeper: Track, changes: Mapping[str, object]) -> None:
    """A row takes 100 playlists in one request; its own stay, and those beyond are named."""
    names = changes.get("playlists")
    if isinstance(names, tuple) and len(names) > MOST_OPTIONS:
        left = "; ".join(names[MOST_OPTIONS:])
        _log.warning(
            "%s: a row takes %d playlists; not taken over: %s", keeper.label, MOST_OPTIONS, left
        )


async def _put_in_trash(connections: Connections, journal: MergeJournal, given: Track) -> None:
    """Where DEDUPE_ARCHIVE wants it; it is free by now, for Notion changes nothing in the trash."""
    if not connections.settings.dedupe_archive:
        return
    journal.record(Change(page_id=given.page_id, field=THE_PAGE, before=False, after=True))
    try:
        await set_in_trash(connections.notion, given.page_id, is_trashed=True)
    except NotionError as error:
        _log.warning("%s is marked, but may not be in the trash: %s", given.label, error)


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


def _journal(
    journal: MergeJournal, page: Mapping[str, Any], written: Mapping[str, Any], partner: Track
) -> None:
    """Note each property before it changes, as the JSON that `undo` sends to take it back."""
    names = {value.get("id", name): name for name, value in page["properties"].items()}
    for key, value in written.items():
        change = Change(
            page_id=page["id"],
            field=names.get(key, key),
            property_id=key,
            title=page_title(page),
            partner=partner.page_id,
            partner_title=partner.label,
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
