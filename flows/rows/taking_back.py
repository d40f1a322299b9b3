"""What was written into a row that had just become another track's is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.session.connections import Connections
from tasks.locks.hold import write_decided
from tasks.locks.ports import LockRow
from tasks.locks.written import shows
from tasks.notion.values import value_at
from tasks.notion.writes import writable


async def take_back(
    connections: Connections, written: LockRow, values: Mapping[str, Any], before: Mapping[str, Any]
) -> None:
    """Of `values`, which the row `written` shows, those that it still shows become what the page
    object `before` had. Raises LockError, NotionError.
    """

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
