"""Notion as the store the track lock works on (tasks/locks/ports.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.locks.ports import LockRow
from tasks.notion.client import NotionClient
from tasks.notion.properties import Field
from tasks.notion.rows import lock_text
from tasks.notion.schema import Schema
from tasks.notion.writes import lock_value


class NotionLockStore:
    """Reads and writes rows for the lock: once each; permits are taken before.

    Without a lock property (`Schema` has none) a write sets the other properties only.
    """

    def __init__(self, client: NotionClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    async def reserve(self, requests: int) -> None:
        """Take `requests` permits of Notion's budget at once."""
        await self._client.budget.take(requests)

    async def read(self, page_id: str, *, timeout: float | None = None) -> LockRow:  # noqa: ASYNC109  (the bound is part of the protocol)
        """GET the page."""
        page = await self._client.send(
            "GET", f"pages/{page_id}", timeout=timeout, permit_taken=True
        )
        return lock_row(page, self._schema)

    async def write(
        self,
        page_id: str,
        lock: str,
        properties: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  (the bound is part of the protocol)
    ) -> LockRow:
        """ONE PATCH: the lock and `properties`; the row as the answer shows it."""
        body = dict(properties or {})
        if Field.LOCK in self._schema:
            body |= lock_value(self._schema, lock)
        page = await self._client.send(
            "PATCH",
            f"pages/{page_id}",
            {"properties": body},
            timeout=timeout,
            permit_taken=True,
        )
        return lock_row(page, self._schema)

    async def write_values(self, page_id: str, properties: Mapping[str, Any]) -> LockRow:
        """ONE PATCH that leaves the lock as it is: for rows worked on without one."""
        page = await self._client.update_page(page_id, properties)
        return lock_row(page, self._schema)


def lock_row(page: Mapping[str, Any], schema: Schema) -> LockRow:
    """The page object as the lock sees it."""
    return LockRow(
        page_id=page["id"],
        lock=lock_text(page, schema),
        in_trash=bool(page.get("in_trash") or page.get("archived")),
        last_edited=page.get("last_edited_time", ""),
        page=page,
    )
