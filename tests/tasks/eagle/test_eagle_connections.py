"""What becomes of a request to Eagle when its connection, or its caller, does not last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tasks.eagle import client as eagle_client
from tasks.eagle.client import EagleClient
from tasks.errors import EagleMalformed, EagleRefused, EagleUnavailable
from tests.tasks.eagle_world import eagle_world

BODY = b'{"status":"success","data":{"id":"F","library":{"path":"/L","name":"L"}}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@dataclass
class Eagle:
    """Answers each request by `answer`, None to hang up; knows who asked on which connection."""

    answer: Callable[[int], bytes | None]
    address: str = ""
    asked: list[tuple[int, str]] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        connection = len(self.writers)
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().lower():
                if "content-length: " in head:
                    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                    await reader.readexactly(length)
                self.asked.append((connection, head.partition(" http/")[0]))
                self.reached.set()
                answer = self.answer(len(self.asked))
                if answer is None:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        writer.close()


@asynccontextmanager
async def eagle(answer: Callable[[int], bytes | None]) -> AsyncIterator[Eagle]:
    made = Eagle(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        for writer in made.writers:
            writer.close()
        server.close()


async def test_a_change_is_not_sent_again_when_its_kept_connection_breaks_off() -> None:
    """Eagle may have made it."""
    async with (
        eagle(lambda number: ANSWER if number == 1 else None) as served,
        EagleClient(served.address) as client,
    ):
        await client.library()
        with pytest.raises(EagleUnavailable) as caught:
            await client.create_folder("F")
    assert caught.value.maybe_applied
    assert served.asked == [(1, "get /api/library/info"), (1, "post /api/folder/create")]


async def test_a_read_is_sent_again_when_its_kept_connection_breaks_off() -> None:
    async with (
        eagle(lambda number: None if number == 2 else ANSWER) as served,
        EagleClient(served.address) as client,
    ):
        await client.library()
        await client.library()
    assert [connection for connection, _ in served.asked] == [1, 1, 2]


async def test_a_connection_that_eagle_closed_meanwhile_is_not_used_for_a_change() -> None:
    async with eagle(lambda _: ANSWER) as served, EagleClient(served.address) as client:
        await client.library()
        served.writers[0].close()
        await served.writers[0].wait_closed()
        await served.left.wait()
        assert await client.create_folder("F") == "F"
    assert served.asked[1:] == [(2, "post /api/folder/create")]


async def test_an_idle_connection_is_let_go_before_eagle_closes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert eagle_client._IDLE_SECONDS < 5
    monkeypatch.setattr(eagle_client, "_IDLE_SECONDS", 0.05)
    async with eagle(lambda _: ANSWER) as served, EagleClient(served.address) as client:
        await client.library()
        await client.library()
        await asyncio.sleep(0.1)
        await client.create_folder("F")
    assert [connection for connection, _ in served.asked] == [1, 1, 2]


@pytest.mark.parametrize("half", [b"", ANSWER[:-20]], ids=["no answer", "half an answer"])
async def test_a_cancelled_request_ends_at_once_and_hangs_up(half: bytes) -> None:
    async with eagle(lambda _: half) as served, EagleClient(served.address) as client:
        asking = asyncio.create_task(client.create_folder("F"))
        await served.reached.wait()
        began = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(served.left.wait(), 1)
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("half", [b"", ANSWER[:-20]], ids=["no answer", "half an answer"])
async def test_an_answer_that_does_not_come_is_given_up(
    monkeypatch: pytest.MonkeyPatch, half: bytes
) -> None:
    monkeypatch.setattr(eagle_client, "_SECONDS", 0.1)
    async with eagle(lambda _: half) as served, EagleClient(served.address) as client:
        with pytest.raises(EagleUnavailable, match="took too long") as read:
            await client.library()
        with pytest.raises(EagleUnavailable, match="took too long") as written:
            await client.create_folder("F")
    assert not read.value.maybe_applied
    assert written.value.maybe_applied


async def test_no_redirect_takes_the_token_elsewhere() -> None:
    async with eagle(lambda _: ANSWER) as other:
        moved = b"HTTP/1.1 302 Found\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n"
        answer = moved % other.address.encode()
        async with (
            eagle(lambda _: answer) as served,
            EagleClient(served.address, "s3cr3t") as client,
        ):
            with pytest.raises(EagleMalformed):
                await client.application_info()
            with pytest.raises((EagleMalformed, EagleRefused)):
                await client.list_items()
    assert other.asked == []


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with eagle(lambda _: ANSWER) as served, EagleClient(served.address) as client:
        assert (await client.library()).path == "/L"


@pytest.mark.parametrize("address", ["eagle", "ftp://127.0.0.1:1", "http://", "http://[1"])
async def test_what_is_no_address_is_an_eagle_that_does_not_answer(address: str) -> None:
    async with EagleClient(address) as client:
        with pytest.raises(EagleUnavailable) as caught:
            await client.create_folder("F")
    assert not caught.value.maybe_applied


@pytest.mark.parametrize(
    "address", ["https://x.com/a?b=c&d=e", "https://x.com/a%20b", "https://x.com/ü+ä,#t=1"]
)
async def test_an_address_arrives_as_it_is(tmp_path, address: str) -> None:  # type: ignore[no-untyped-def]
    async with eagle_world(tmp_path) as world:
        item = world.app.add_item(None, name="a", ext="wav", url=address)
        world.app.add_item(None, name="b", ext="wav", url="https://x.com/a")
        assert [found.id for found in await world.client.items_at(address)] == [item]
