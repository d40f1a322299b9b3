"""Queries of views: the rows a view shows, kept for a while under an id.

Source: the public type declarations of Notion's JavaScript client (views.ts: ViewQueryResponse).
That they are kept for an hour is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.notion.checks import only_keys
from sandbox.notion.errors import not_found
from sandbox.notion.ids import new_id
from sandbox.notion.paging import list_json, page_size, take
from sandbox.notion.queries import matching_ids
from sandbox.notion.times import iso_minute

if TYPE_CHECKING:
    from sandbox.notion.store import NotionStore

__all__ = ["ViewQuery", "begin", "end", "results"]

Json = dict[str, Any]

_HOUR = 3_600_000


@dataclass(frozen=True)
class ViewQuery:
    """The rows a view showed; `expires` in milliseconds since 1970."""

    view_id: str
    ids: list[str]
    expires: int


def begin(store: NotionStore, view_id: str, body: Json) -> Json:
    """The first page of what a view shows. Raises ApiError 400 or 404."""
    only_keys(body, "body", ("page_size",))
    page_size(body.get("page_size"), "body.page_size")
    view = store.objects.view(view_id)
    asked = {"filter": view.filter, "sorts": view.sorts}
    ids = matching_ids(store, view.data_source_id, asked)
    query_id = new_id()
    expires = store.objects.milliseconds() + _HOUR
    store.view_queries[query_id] = ViewQuery(view.id, ids, expires)
    found, cursor = take(ids, str, body, "body")
    return {
        "object": "view_query",
        "id": query_id,
        "view_id": view.id,
        "expires_at": iso_minute(expires),
        "total_count": len(ids),
        "results": [_reference(each) for each in found],
        "next_cursor": cursor,
        "has_more": cursor is not None,
    }


def results(store: NotionStore, view_id: str, query_id: str, query: Mapping[str, Any]) -> Json:
    """A page of what a view showed. Raises ApiError 400 or 404."""
    found, cursor = take(_kept(store, view_id, query_id).ids, str, query, "query")
    return list_json([_reference(each) for each in found], cursor, "page")


def end(store: NotionStore, view_id: str, query_id: str) -> Json:
    """Forget a query. Raises ApiError 404."""
    _kept(store, view_id, query_id)
    del store.view_queries[query_id]
    return {"object": "view_query", "id": query_id, "deleted": True}


def _kept(store: NotionStore, view_id: str, query_id: str) -> ViewQuery:
    kept = store.view_queries.get(query_id)
    if kept is None or kept.view_id != view_id or kept.expires < store.objects.milliseconds():
        raise not_found("view_query", query_id)
    return kept


def _reference(page_id: str) -> Json:
    return {"object": "page", "id": page_id}
