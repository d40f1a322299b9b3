"""Answers that break off: half of one, none at all, other bytes; and one that takes its time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tasks.eagle.client import EagleClient
from tasks.errors import EagleUnavailable, NotionUnavailable
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient

HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"object": "pa'
BROKEN = {"half of it": HALF, "no answer": b"", "other bytes": b"\x15\x03\x01\x00\x02\x02\x46"}
PAGE = b'{"object": "page", "id": "p", "properties": {}}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)


@asynccontextmanager
async def host(answer: bytes, *, after: float = 0.0) -> AsyncIterator[str]:
    """Closes its side behind `answer` and keeps the other open, as a broken middlebox does."""
    open_ones: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(after)
        writer.write(answer)
        writer.write_eof()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in open_ones:
            writer.close()
        server.close()


def notion(address: str) -> NotionClient:
    return NotionClient("t", base_url=address, budget=RequestBudget(10_000))


@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
async def test_notions_answer_breaks_off(answer: bytes) -> None:
    """A read is asked again; a write may have been applied."""
    async with host(answer) as address, notion(address) as client:
        with pytest.raises(NotionUnavailable) as read:
            await client.page("p")
        with pytest.raises(NotionUnavailable) as written:
            await client.update_page("p", {})
    assert read.value.retryable
    assert not read.value.maybe_applied
    assert written.value.maybe_applied


@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
async def test_eagles_answer_breaks_off(answer: bytes) -> None:
    """The same at the other service."""
    async with host(answer) as address, EagleClient(address) as client:
        with pytest.raises(EagleUnavailable) as caught:
            await client.library()
        with pytest.raises(EagleUnavailable) as written:
            await client.create_folder("F")
    assert caught.value.retryable
    assert not caught.value.maybe_applied
    assert written.value.maybe_applied


async def test_an_answer_that_takes_its_time_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """After two seconds, while it is waited for."""
    with caplog.at_level(logging.INFO):
        async with host(WHOLE, after=2.5) as address, notion(address) as client:
            assert (await client.page("p"))["id"] == "p"
    said = [record.getMessage() for record in caplog.records]
    assert "Notion has not answered GET pages for 2 s; waiting." in said
