"""A write is proven by the row Notion answers with; from another track's row it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flows.session.connections import Connections
from tasks.errors import RowChanged
from tasks.locks.hold import write_decided
from tasks.locks.ports import LockRow
from tasks.locks.written import require_shown, shows
from tasks.notion.rows import to_track
from tasks.notion.values import value_at
from tasks.notion.writes import writable
from tasks.tracks import Track


async def prove(
    connections: Connections,
    written: LockRow,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
    require_same: Callable[[Track], None],
    label: str,
) -> None:
    """Return if the row as it was `written` shows `values`.

    `require_same` raises RowChanged for a row that is about another track by now: then what was
    written becomes what the page object `before` had. Raises LockError, NotionError.
    """
    try:
        require_same(to_track(written.page, connections.schema))
    except RowChanged:
        await _take_back(connections, written, values, before)
        raise
    require_shown(written.page, values, label)


async def _take_back(
    connections: Connections, written: LockRow, values: Mapping[str, Any], before: Mapping[str, Any]
) -> None:
    """Those of `values` that the row still shows when it is read again become the old ones."""

    async def decide(row: LockRow) -> Mapping[str, Any]:
        return {
            key: old
            for key, value in values.items()
            if shows(row.page, {key: value})
            and (old := writable(value_at(before, key) or _empty(written.page, key)))
        }

    await write_decided(connections.locks, written.page_id, decide)


def _empty(page: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An empty value of the property's type: what stood there before it was filled in."""
    kind = str((value_at(page, key) or {"type": "rich_text"})["type"])
    lists = {"rich_text", "title", "multi_select", "relation"}
    return {"type": kind, kind: [] if kind in lists else None}
