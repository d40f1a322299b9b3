"""The transport to Notion: the real notion-client behind our budget, errors and clock.

Nothing is retried here. Every request takes a permit unless the caller reserved it, is timed out,
and a vendor's exception becomes one of ours, by type and status (docs/facts/notion.md,
"The client library").
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Self

import httpx
from notion_client import AsyncClient
from notion_client.errors import APIResponseError, HTTPResponseError, RequestTimeoutError

from tasks.errors import (
    NotionConflict,
    NotionError,
    NotionMalformed,
    NotionNotFound,
    NotionRateLimited,
    NotionRefused,
    NotionUnauthorized,
    NotionUnavailable,
)
from tasks.locks.clock import NotionTime
from tasks.notion.budget import RequestBudget
from tasks.notion.row_query import RowQuery
from tasks.notion.shapes import has_shape
from tasks.slow_answers import SlowAnswers

Json = dict[str, Any]

_REQUEST_SECONDS = 60.0
# A write that waits for its connection lands that much later than its time says: TCP and TLS take
# two seconds at most each, a place in the pool one (docs/lock.md, "Five durations").
_TIMEOUT = httpx.Timeout(_REQUEST_SECONDS, connect=2.0, pool=1.0)
_COOL_DOWN_SECONDS = 30.0
_EARLY_SECONDS = 10.0
# What notion-client raises for a body that is no JSON of an object.
_NO_ANSWER = (ValueError, TypeError, AttributeError, RecursionError)
_ASKED = "library_sync_asked"


@dataclass(frozen=True)
class _Early:
    """A query that was asked before anybody wanted its answer."""

    query: RowQuery
    answer: asyncio.Task[Json]
    asked: float

    def fits(self, query: RowQuery) -> bool:
        """True for the same query, while its answer still tells of now."""
        return query == self.query and monotonic() - self.asked < _EARLY_SECONDS


class NotionClient:
    """Notion's API as far as the sync needs it. Use `async with`, in one event loop.

    `time` is what its answers told of Notion's time.
    """

    def __init__(self, token: str, *, base_url: str, budget: RequestBudget) -> None:
        self.budget = budget
        self.time = NotionTime()
        self.requests = 0
        self._early: _Early | None = None
        self._slow = SlowAnswers("Notion")
        self._http = httpx.AsyncClient(
            trust_env=not _is_loopback(base_url),
            event_hooks={"request": [self._note_sending], "response": [self._note_date]},
        )
        logger = logging.getLogger("tasks.notion.http")
        self._notion = AsyncClient(
            client=self._http,
            auth=token,
            base_url=base_url,
            retry=False,
            logger=logger,
            log_level=logging.CRITICAL,
        )
        self._http.timeout = _TIMEOUT

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._early is not None:
            self._early.answer.cancel()
            await asyncio.gather(self._early.answer, return_exceptions=True)
        await self._http.aclose()

    async def database(self, database_id: str) -> Json:
        """The database object, with its `data_sources`."""
        return await self.send("GET", f"databases/{database_id}")

    async def data_source(self, data_source_id: str) -> Json:
        """The data source object, with its `properties` schema."""
        return await self.send("GET", f"data_sources/{data_source_id}")

    async def query(self, query: RowQuery) -> Json:
        """One page of rows: the answer to `ask_early`, once, if it is about the same."""
        early = self._early
        if early is None or not early.fits(query):
            return await self._rows(query)
        self._early = None
        return await early.answer

    def ask_early(self, query: RowQuery) -> None:
        """Ask now what is expected to be asked next."""
        self._early = _Early(query, asyncio.ensure_future(self._rows(query)), monotonic())

    async def _rows(self, query: RowQuery) -> Json:
        only = {"filter_properties": list(query.only)} if query.only else None
        path = f"data_sources/{query.source_id}/query"
        return await self.send("POST", path, dict(query.body), query=only)

    async def page(self, page_id: str) -> Json:
        """The page object as Notion has it now."""
        return await self.send("GET", f"pages/{page_id}")

    async def property_items(self, page_id: str, property_id: str, cursor: str | None) -> Json:
        """One page of a property's items, 100 at most (for relations over 25)."""
        query = {"page_size": 100} | ({"start_cursor": cursor} if cursor else {})
        return await self.send("GET", f"pages/{page_id}/properties/{property_id}", query=query)

    async def update_page(self, page_id: str, properties: Mapping[str, Any]) -> Json:
        """Set the named properties in one request; the page object as it stands after it."""
        return await self.send("PATCH", f"pages/{page_id}", {"properties": dict(properties)})

    async def set_in_trash(self, page_id: str, *, is_trashed: bool) -> Json:
        """Put the page into Notion's trash, or take it out again; the page object."""
        return await self.send("PATCH", f"pages/{page_id}", {"in_trash": is_trashed})

    async def send(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Json | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (the bound is part of the lock protocol)
        permit_taken: bool = False,
    ) -> Json:
        """Send one request, once. Raises a NotionError; `maybe_applied` tells of writes."""
        if not permit_taken:
            await self.budget.take()
        self.requests += 1
        try:
            with self._slow.watch(f"{method} {path.partition('/')[0]}"):
                async with asyncio.timeout(_REQUEST_SECONDS if timeout is None else timeout):
                    answer: Json = await self._notion.request(path, method, query=query, body=body)
        except Exception as error:
            ours = _translate(error, f"{method} {path}", is_write=method != "GET")
            if ours is None:
                raise
            self._heed(ours)
            raise ours from error
        if not has_shape(path, answer):
            raise _malformed(f"{method} {path}", is_write=method != "GET")
        return answer

    def _heed(self, error: NotionError) -> None:
        if isinstance(error, NotionRateLimited):
            self.budget.cool_down(error.retry_after or _COOL_DOWN_SECONDS)

    @property
    def clock_offset(self) -> timedelta:
        """Notion's time minus this machine's."""
        return self.time.earliest() - datetime.now(UTC)

    async def _note_sending(self, request: httpx.Request) -> None:
        request.extensions[_ASKED] = self.time.asking()

    async def _note_date(self, response: httpx.Response) -> None:
        """Only what Notion itself answered tells its time: a proxy's error has the proxy's."""
        if not response.is_success:
            return
        try:
            date = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return
        asked = response.request.extensions[_ASKED]
        self.time.heard(date, asked, received=self.time.monotonic())


def _is_loopback(base_url: str) -> bool:
    return httpx.URL(base_url).host in {"127.0.0.1", "localhost", "::1"}


def _translate(error: Exception, what: str, *, is_write: bool) -> NotionError | None:
    """Our error for what notion-client or httpx raised; None if it is neither's."""
    if isinstance(error, HTTPResponseError):
        return _of_status(error, what, is_write=is_write)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return NotionUnavailable(f"Notion cannot be reached ({what}).")
    if isinstance(error, RequestTimeoutError | TimeoutError | httpx.TransportError):
        return NotionUnavailable(f"Notion did not answer in time ({what}).", maybe_applied=is_write)
    if isinstance(error, _NO_ANSWER):
        return _malformed(what, is_write=is_write)
    return None


def _malformed(what: str, *, is_write: bool) -> NotionMalformed:
    return NotionMalformed(
        f"What answered {what} is not Notion: its answer has another shape.",
        remedy="Check NOTION_BASE_URL and any proxy in between; the next run tries again.",
        maybe_applied=is_write,
    )


def _of_status(error: HTTPResponseError, what: str, *, is_write: bool) -> NotionError:
    said = f"Notion answered {error.status} to {what}: {str(error)[:300]}"
    if error.status < 500 and error.status != 429 and not isinstance(error, APIResponseError):
        return _malformed(what, is_write=is_write)  # a hotel's login page, a proxy's refusal
    match error.status:
        case 401 | 403:
            return NotionUnauthorized(said)
        case 404:
            return NotionNotFound(said)
        case 409:
            return NotionConflict(said, maybe_applied=is_write)
        case 429 | 529:
            return NotionRateLimited(said, retry_after=_retry_after(error.headers))
        case status if status >= 500:
            said = f"Notion answered {error.status} to {what}."
            return NotionUnavailable(said, maybe_applied=is_write)
        case _:
            return NotionRefused(said)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds named by `Retry-After`, as a number or an HTTP date."""
    text = headers.get("Retry-After", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return None
