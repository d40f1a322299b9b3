"""Every matching row, however many: one paginated query, in order of creation.

A query ends at 10,000 rows with `request_status: incomplete`; the listing goes on from the newest
created_time seen. A cursor may die under us; then the listing begins again from there. Rows are
told apart by id. Source: docs/facts/notion.md, "Queries".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from tasks.errors import ListingIncomplete, NotionRefused
from tasks.notion.client import NotionClient
from tasks.notion.row_query import RowQuery
from tasks.retrying import PATIENT, RetryPolicy, retrying
from tasks.shown_text import counted

Json = dict[str, Any]

_PAGE_SIZE = 100
_RESTARTS = 5
OLDEST_FIRST = [{"timestamp": "created_time", "direction": "ascending"}]


async def list_rows(
    client: NotionClient,
    data_source_id: str,
    conditions: Mapping[str, Any],
    *,
    only: tuple[str, ...] = (),
    policy: RetryPolicy = PATIENT,
) -> AsyncIterator[Json]:
    """Page objects that match `conditions` (an `and` filter), oldest first, each once.

    A wiki's listing may hold data sources among its pages; they are left out.

    Raises ListingIncomplete when Notion stops before the end and cannot be asked to go on, and
    any NotionError that does not pass within `policy`.
    """
    seen: set[str] = set()
    since = ""
    restarts = 0
    while True:
        window = _Window(client, data_source_id, _since(conditions, since), only, policy)
        newest = since
        async for page in window:
            newest = max(newest, page["created_time"])
            if page["id"] not in seen and page.get("object") == "page":
                seen.add(page["id"])
                yield page
        if window.complete:
            return
        restarts = restarts + 1 if newest == since else 0
        since = newest
        if restarts > (_RESTARTS if window.cursor_died else 0):
            raise _incomplete(len(seen))


def _incomplete(rows: int) -> ListingIncomplete:
    return ListingIncomplete(
        f"Notion stopped the listing after {counted(rows, 'row')} and does not go on.",
        remedy="Run again later; if it stays, more than 10,000 rows were created within one minute "
        "and need a narrower filter.",
    )


class _Window:
    """One query from its first page to where Notion ends it."""

    def __init__(
        self,
        client: NotionClient,
        data_source_id: str,
        conditions: Json,
        only: tuple[str, ...],
        policy: RetryPolicy,
    ) -> None:
        self._client = client
        self._data_source_id = data_source_id
        self._body = _first_body(conditions)
        self._only = only
        self._policy = policy
        self.complete = False
        self.cursor_died = False

    async def __aiter__(self) -> AsyncIterator[Json]:
        limited = False
        while True:
            answer = await self._next_page()
            if answer is None:
                return
            limited = limited or answer.get("request_status", {}).get("type") == "incomplete"
            for page in answer["results"]:
                yield page
            if not answer.get("has_more"):
                break
            self._body["start_cursor"] = answer["next_cursor"]
        self.complete = not limited

    async def _next_page(self) -> Json | None:
        async def ask() -> Json:
            query = RowQuery(self._data_source_id, self._body, self._only)
            return await self._client.query(query)

        try:
            return await retrying(ask, self._policy)
        except NotionRefused:
            if "start_cursor" not in self._body:
                raise
            self.cursor_died = True
            return None


def first_page(
    data_source_id: str, conditions: Mapping[str, Any], only: tuple[str, ...]
) -> RowQuery:
    """What `list_rows` asks first."""
    return RowQuery(data_source_id, _first_body(_since(conditions, "")), only)


def _first_body(conditions: Json) -> Json:
    body: Json = {"page_size": _PAGE_SIZE, "sorts": OLDEST_FIRST}
    return body | {"filter": conditions} if conditions["and"] else body


def _since(conditions: Mapping[str, Any], created_time: str) -> Json:
    """`conditions` for rows created at `created_time` or later; all of them if it is empty."""
    parts = list(conditions.get("and", []))
    if created_time:
        later = {"on_or_after": created_time}
        parts.append({"timestamp": "created_time", "created_time": later})
    return {"and": parts}
