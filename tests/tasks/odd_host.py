"""A host that answers what no good host does: bodies without end, live streams, encrypted ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_TYPES = {".mp3": "audio/mpeg", ".m3u8": "application/vnd.apple.mpegurl", ".html": "text/html"}
_PIECE = b"\xff\xfb\x90\x00" + bytes(65_532)


@dataclass
class OddHost:
    """`files` are served as they are; `/endless.*` never end, `/slow.*` come byte by byte."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path = head.split(" ", 2)[:2]
            self.asked.append(path)
            self.began.set()
            kind = _TYPES.get(Path(path).suffix, "application/octet-stream")
            body = self.files.get(path)
            length = f"Content-Length: {len(body)}\r\n" if body is not None else ""
            start = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{length}Connection: close\r\n\r\n"
            writer.write(start.encode())
            if method != "HEAD":
                await self._send(writer, path, body)
        writer.close()

    async def _send(self, writer: asyncio.StreamWriter, path: str, body: bytes | None) -> None:
        if body is not None:
            writer.write(body)
            await writer.drain()
            return
        first = b"<html><body>" if path.endswith(".html") else _PIECE
        while True:
            piece = first if path.startswith("/endless") else first[:1]
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)
            if path.startswith("/slow"):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def odd_host() -> AsyncIterator[OddHost]:
    """One that serves in this event loop."""
    host = OddHost()
    server = await asyncio.start_server(host.answer, "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()
