"""The proxy on 127.0.0.1: ends TLS for the hosts it stands in for, and reaches no other machine.

CONNECT to a known host is answered here, over keep-alive HTTP/1.1. Plain requests to 127.0.0.1
are passed on, so that a client may use one proxy for all it does. Everything else is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.soundcloud.messages import Answer, Request, redirect

HOST = "127.0.0.1"
_LOOPBACK = {"127.0.0.1", "localhost"}
_LARGEST_BODY = 1_000_000
_PIECE = 65_536

Handler = Callable[[Request], Awaitable[Answer | None]]


class _Malformed(Exception):
    """What came is no HTTP request that this proxy takes."""


class Proxy:
    """Hands requests for `hosts` to `handle`; an answer None drops the connection."""

    def __init__(self, handle: Handler, hosts: Collection[str], context: ssl.SSLContext) -> None:
        self._handle = handle
        self._hosts = frozenset(hosts)
        self._context = context
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self, port: int) -> int:
        """Begin to answer; returns the port. Raises OSError if it is taken."""
        self._server = await asyncio.start_server(self._accept, HOST, port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Refuse connections from now on and drop the open ones."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, _Malformed):
            pass
        except asyncio.CancelledError:
            # Only `close` cancels, and asyncio would log a cancelled conversation as an error.
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, headers = await _read_head(reader)
        if method != "CONNECT":
            await self._plain(method, target, headers, reader, writer)
            return
        host = target.rpartition(":")[0].lower()
        if host not in self._hosts:
            writer.write(b"HTTP/1.1 502 Not A Host Of This Sandbox\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(self._context)
        while True:
            method, target, headers = await _read_head(reader)
            request = await _request(reader, method, host, target, headers)
            answer = await self._handle(request)
            if answer is None or not await _send(writer, request, answer):
                return

    async def _plain(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """A request with a whole `http:` address: ours go to https, the loopback's are passed."""
        parts = urlsplit(target)
        request = await _request(reader, method, parts.hostname or "", target, headers)
        if parts.hostname in self._hosts:
            await _send(writer, request, redirect(target.replace("http:", "https:", 1)))
        elif parts.hostname in _LOOPBACK:
            await _pass_on(request, target, writer)
        else:
            await _send(writer, request, Answer(status=502))


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers. Raises IncompleteReadError when the client has left."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        raise _Malformed(first)
    pairs = (line.partition(":") for line in lines)
    return words[0], words[1], {name.lower(): value.strip() for name, _, value in pairs}


async def _request(
    reader: asyncio.StreamReader, method: str, host: str, target: str, headers: dict[str, str]
) -> Request:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _LARGEST_BODY:
        raise _Malformed(f"a body of {length} bytes")
    parts = urlsplit(target)
    return Request(
        method=method,
        host=host,
        path=unquote(parts.path) or "/",
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=await reader.readexactly(int(length)),
    )


async def _send(writer: asyncio.StreamWriter, request: Request, answer: Answer) -> bool:
    """True if the connection may be used for another request."""
    body = answer.body
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    headers = {"Content-Length": str(len(body)), "Server": "sandbox"} | answer.headers
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    if request.method != "HEAD":
        end = len(body) if answer.cut_at is None else answer.cut_at
        if answer.pause_at is not None:
            await _send_bytes(writer, body[: answer.pause_at])
            await _stand_still(writer, answer.pause_seconds)
            body = body[answer.pause_at :]
            end -= answer.pause_at
        await _send_bytes(writer, body[:end])
    await writer.drain()
    wants_close = request.headers.get("connection", "").lower() == "close"
    if answer.cut_at is not None or wants_close:
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await asyncio.wait_for(writer.wait_closed(), 2)
        return False
    return True


async def _send_bytes(writer: asyncio.StreamWriter, body: bytes) -> None:
    view = memoryview(body)
    for start in range(0, len(view), _PIECE):
        writer.write(view[start : start + _PIECE])
        await writer.drain()


async def _stand_still(writer: asyncio.StreamWriter, seconds: float | None) -> None:
    """Send nothing for `seconds`, or until the client has gone."""
    loop = asyncio.get_running_loop()
    until = None if seconds is None else loop.time() + seconds
    await writer.drain()
    while until is None or loop.time() < until:
        if writer.is_closing():
            raise ConnectionResetError
        await asyncio.sleep(0.05)


async def _pass_on(request: Request, target: str, writer: asyncio.StreamWriter) -> None:
    """Ask a server on this machine the same, and give its answer back as it comes."""
    parts = urlsplit(target)
    there, back = await asyncio.open_connection(HOST, parts.port or 80)
    try:
        path = parts._replace(scheme="", netloc="").geturl() or "/"
        kept = {
            name: value
            for name, value in request.headers.items()
            if name not in {"connection", "proxy-connection", "keep-alive"}
        } | {"connection": "close"}
        head = [f"{request.method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in kept.items())]
        back.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + request.body)
        await back.drain()
        while piece := await there.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    finally:
        back.close()
    writer.close()
    with contextlib.suppress(OSError):
        await asyncio.wait_for(writer.wait_closed(), 2)
