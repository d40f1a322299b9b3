"""The last write into a row: what was brought, merged with what the row shows by now.

What a person wrote meanwhile stays, and labels are merged. Should the address change in the moment
between the last look and the write, the write's own answer shows it, and what was written is taken
back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from flows.rows.proving import prove
from flows.session.connections import Connections
from flows.session.run_state import RunState
from flows.track.claimed_row import ClaimedRow
from flows.track.delivery import InLibrary
from flows.track.work import Outcome
from tasks.eagle.index import EagleIndex
from tasks.errors import LockError, NotionError, NotionRefused, RowChanged, SyncError
from tasks.facts import is_current
from tasks.locks.ports import LockRow
from tasks.notion.properties import Field
from tasks.notion.schema import Schema
from tasks.notion.statuses import COMPLETE, CONVERTED, status_value
from tasks.notion.writes import property_values
from tasks.retrying import PATIENT, retrying
from tasks.tracks import Track, TrackResult

_log = logging.getLogger("flows.sync_track")
ValuesBy = Callable[[Schema], Mapping[Field, Any]]

_TEXTS_OF_THE_USER = {Field.TITLE, Field.ARTIST, Field.DURATION}
_PATHS = {Field.WAV_PATH, Field.AIFF_PATH}


async def write_results(row: ClaimedRow, done: Outcome) -> TrackResult:
    """Results and release in one PATCH, checked by its answer.

    Raises RowChanged if the row is about another track by now: then nothing of ours stands in it.
    """
    if done.there is None:
        return done.result
    there, known = done.there, done.track
    now, own = await row.look(), row.copied.out_of
    row.lease.require_safe()
    index = row.run.connections.eagle.index if row.run.connections.eagle else None
    written, shown = await _finish(
        row, lambda schema: success_values(schema, own(row.claimed), own(now), known, there, index)
    )
    same = row.require_same_address
    await prove(row.run.connections, shown, written, row.page, same, now.label)
    return done.result


async def write_failure(row: ClaimedRow, error: SyncError) -> None:
    """The error's class into the status property, and the lock freed, in one PATCH.

    Not into a row that is about another track by now.
    """
    try:
        now = await row.look()
        if failure_values(row.run.connections.schema, now, error):
            await _finish(row, lambda schema: failure_values(schema, now, error))
    except RowChanged as changed:
        _log.info("   %s", changed)
    except (NotionError, LockError) as second:
        _log.warning("%s: the error could not be written to Notion: %s", row.track.label, second)


async def _finish(row: ClaimedRow, values: ValuesBy) -> tuple[Mapping[str, Any], LockRow]:
    """What was written, and the row as it stands.

    Where Notion refuses it, the row tells why; a schema that changed is read again once.
    Raises RowChanged, NotionError.
    """
    schema = row.run.state.schema_now or row.run.connections.schema
    written = property_values(schema, values(schema))
    try:
        return written, await _send(row, written)
    except NotionRefused:
        await row.look_again()
        fresh = await _schema_again(row.run.connections, row.run.state, schema)
        if fresh is None:
            raise
    written = property_values(fresh, values(fresh))
    return written, await _send(row, written)


async def _send(row: ClaimedRow, written: Mapping[str, Any]) -> LockRow:
    return await row.run.pauses.through(lambda: row.lease.finish(written))


async def _schema_again(connections: Connections, state: RunState, used: Schema) -> Schema | None:
    """The schema as it is by now, if it is another than the one `used`; read again once a run."""
    if state.schema_now is not None:
        return None if state.schema_now == used else state.schema_now
    source_id = connections.schema.data_source_id
    try:
        source = await retrying(lambda: connections.notion.data_source(source_id), PATIENT)
    except NotionError as error:
        _log.debug("The schema could not be read again: %s", error)
        return None
    state.schema_now = connections.schema.as_by_now(source)
    if state.schema_now == connections.schema:
        return None
    state.warn("The database's properties were changed during the run; they were read again.")
    return state.schema_now


def success_values(
    schema: Schema,
    claimed: Track,
    now: Track,
    known: Track,
    there: InLibrary,
    index: EagleIndex | None,
) -> Mapping[Field, Any]:
    """What a finished row shows, from the row as it was `claimed` and as it is `now`.

    Empty fields are filled; what a person wrote before or meanwhile stays, and so does a path
    whose file exists, unless Eagle has it in the trash. Labels of others stay beside ours.
    """
    values = {
        field: value
        for field, value in _brought(known, there).items()
        if value and _may_set(field, claimed, now, index)
    }
    status = status_value(schema, now.statuses, COMPLETE if there.wav else CONVERTED)
    values |= {} if status is None else {Field.STATUS: status}
    return {Field.DOWNLOADED: True, **values}


def _brought(known: Track, there: InLibrary) -> dict[Field, Any]:
    return {
        Field.WAV_PATH: there.paths.wav,
        Field.AIFF_PATH: there.paths.aiff,
        Field.EAGLE_ID: there.wav.id if there.wav else None,
        Field.EAGLE_AIFF_ID: there.aiff.id if there.aiff else None,
        Field.SOUNDCLOUD_ID: known.soundcloud_id,
        Field.FINGERPRINT: known.fingerprint,
        Field.TITLE: known.title,
        Field.ARTIST: known.artist,
        Field.DURATION: round(there.seconds, 2) if there.seconds else None,
    }


def _may_set(field: Field, claimed: Track, now: Track, index: EagleIndex | None) -> bool:
    """True if the field is empty, or holds what nobody but us has written there."""
    there = getattr(now, field.value)
    if not there:
        return True
    if field in _TEXTS_OF_THE_USER or there != getattr(claimed, field.value):
        return False
    return field not in _PATHS or not is_current(there, index)


def failure_values(schema: Schema, track: Track, error: SyncError) -> Mapping[Field, Any]:
    """What a failed row shows: the error's class in the status property."""
    value = status_value(schema, track.statuses, error.error_type.value, str(error))
    return {} if value is None else {Field.STATUS: value}
