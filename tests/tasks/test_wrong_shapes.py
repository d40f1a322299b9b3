"""What answers with another shape than the service's is one kind of trouble, and is asked again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.listener import Listener
from tasks.eagle.client import EagleClient
from tasks.errors import EagleMalformed, NotionMalformed, NotionUnauthorized
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.row_query import RowQuery

BODIES = {
    "a list": b"[]",
    "null": b"null",
    "an empty object": b"{}",
    "other bytes": b"\xff\xfe{",
    "a page of HTML": b"<html>Sign in</html>",
    "nothing": b"",
    "too deep": b"[" * 100_000,
    "no number": b'{"object": "page", "id": "p", "properties": NaN}',
    "properties of another kind": b'{"object": "page", "id": "p", "properties": {"A": null}}',
}


@pytest.fixture
async def answering() -> AsyncIterator[Any]:
    """A server that answers everything with the body `now` and the status `status`."""
    body: dict[str, Any] = {"now": b"", "status": 200}

    async def answer(_: Request) -> Response:
        return Response(body["now"], body["status"], media_type="application/json")

    routes = [Route("/{path:path}", answer, methods=["GET", "POST", "PATCH"])]
    listener = Listener(Starlette(routes=routes))
    await listener.open()
    yield listener, body
    await listener.close()


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
async def test_notion(answering: Any, body: bytes) -> None:
    listener, said = answering
    said["now"] = body
    client = NotionClient("t", base_url=listener.address, budget=RequestBudget(10_000))
    async with client:
        for ask in (client.page("p"), client.data_source("d"), client.query(RowQuery("d", {}))):
            with pytest.raises(NotionMalformed) as caught:
                await ask
            assert caught.value.retryable
        with pytest.raises(NotionMalformed) as caught:
            await client.update_page("p", {})
        assert caught.value.maybe_applied


@pytest.mark.parametrize("status", [302, 401, 403, 404, 407, 418])
async def test_a_status_without_notions_words_is_not_notions(answering: Any, status: int) -> None:
    """A hotel's login page, a proxy's refusal: neither the token nor the id is wrong."""
    listener, said = answering
    said.update(now=b"<html>Sign in</html>", status=status)
    client = NotionClient("t", base_url=listener.address, budget=RequestBudget(10_000))
    async with client:
        with pytest.raises(NotionMalformed, match="not Notion"):
            await client.data_source("d")


async def test_notions_own_refusal_is_believed(answering: Any) -> None:
    """The same status with the words of Notion's errors."""
    listener, said = answering
    words = b'{"object": "error", "status": 401, "code": "unauthorized", "message": "invalid"}'
    said.update(now=words, status=401)
    client = NotionClient("t", base_url=listener.address, budget=RequestBudget(10_000))
    async with client:
        with pytest.raises(NotionUnauthorized):
            await client.data_source("d")


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
async def test_eagle(answering: Any, body: bytes) -> None:
    listener, said = answering
    if body.startswith(b"{"):
        pytest.skip("an envelope without success is a refusal")
    said["now"] = body
    async with EagleClient(listener.address) as client:
        with pytest.raises(EagleMalformed) as caught:
            await client.folders()
        assert caught.value.retryable
        with pytest.raises(EagleMalformed) as caught:
            await client.create_folder("F")
        assert caught.value.maybe_applied
