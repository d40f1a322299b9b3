"""Rows with an address that cannot be used say so: `Bad_URL`, once, as long as it is there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flows.session.connections import Connections
from tasks.errors import BadAddress, SyncError
from tasks.facts import source_of
from tasks.locks.hold import write_decided
from tasks.locks.ports import LockRow
from tasks.notion.properties import Field
from tasks.notion.rows import to_track
from tasks.notion.statuses import errors_of, status_value, status_without_ours
from tasks.notion.writes import property_values
from tasks.tracks import Track

_log = logging.getLogger("flows.selection")

_BAD_URL = BadAddress.value


async def mark_bad_addresses(connections: Connections, rows: Sequence[Track]) -> None:
    """Write the error into rows that do not show it yet, and take it out where the address went.

    Never raises: a row that cannot be marked is marked by the next run.
    """
    if not connections.schema.writes(Field.STATUS) or connections.settings.dry_run:
        return
    for row in rows:
        if _is_told(connections, row) or row.lock:
            continue
        try:
            await _mark(connections, row)
        except SyncError as error:
            _log.warning("%s: its bad address could not be written: %s", row.label, error)


def _is_told(connections: Connections, row: Track) -> bool:
    """True if the row's status says of its address what is true."""
    if connections.schema[Field.STATUS].type == "status" and row.statuses:
        return True
    return (_BAD_URL in errors_of(row)) == bool(_problem(connections, row))


def _problem(connections: Connections, row: Track) -> str:
    """Why the row's address cannot be used; "" if it can, or if there is none."""
    if not (row.soundcloud_url or row.youtube_url):
        return ""
    try:
        source_of(row, connections.hosts)
    except BadAddress as error:
        return str(error)
    return ""


async def _mark(connections: Connections, listed: Track) -> None:
    schema = connections.schema

    async def decide(page: LockRow) -> Mapping[str, Any]:
        row = to_track(page.page, schema)
        if row.in_trash or row.is_duplicate or _is_told(connections, row):
            return {}
        problem = _problem(connections, row)
        if problem:
            value = status_value(schema, row.statuses, _BAD_URL, problem)
        else:
            value = status_without_ours(schema, row.statuses)
        return {} if value is None else property_values(schema, {Field.STATUS: value})

    if await write_decided(connections.locks, listed.page_id, decide):
        problem = _problem(connections, listed)
        _log.info("   %s: %s", listed.label, problem or "its bad address is gone")
