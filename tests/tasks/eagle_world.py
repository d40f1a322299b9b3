"""An Eagle stand-in served on a free port, for the tests of `tasks.eagle`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.eagle.app import create_app
from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger
from sandbox.listener import Listener, hang_up
from tasks.eagle.client import EagleClient
from tasks.eagle.imports import Patience
from tasks.eagle.library import EagleLibrary


def key_of(url: str) -> str:
    """Enough of a canonical key for these tests: no query, no case."""
    return url.partition("?")[0].rstrip("/").casefold()


@dataclass
class Wire:
    """Between client and stand-in: counts requests, loses answers, holds them back."""

    app: ASGIApp
    asked: list[str] = field(default_factory=list)
    lose_answers: dict[str, int] = field(default_factory=dict)
    reached: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = scope["path"].removeprefix("/api/")
        self.asked.append(route)
        self.reached[route].set()
        if self.lose_answers.get(route, 0) == 0:
            await self.app(scope, receive, send)
            return
        self.lose_answers[route] -= 1

        async def swallow(_message: Message) -> None:
            return

        await self.app(scope, receive, swallow)
        hang_up(scope)

    def count(self, route: str) -> int:
        return self.asked.count(route)


@dataclass
class World:
    """The app, what it did, and a client for it."""

    app: EagleApp
    ledger: Ledger
    wire: Wire
    listener: Listener
    client: EagleClient
    folder: Path

    async def library(self, **options: Any) -> EagleLibrary:
        options = {"key_of": key_of, "patience": Patience(seconds=2.0)} | options
        library = await EagleLibrary.open(self.client, **options)
        await library.load()
        return library

    def file(self, name: str = "take.wav", content: bytes = b"RIFF" * 500) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def added(self) -> list[dict[str, Any]]:
        return self.ledger.entries(event="commit", kind="item.add")


@asynccontextmanager
async def eagle_world(folder: Path) -> AsyncIterator[World]:
    """A fresh, empty library `Sandbox` that imports within milliseconds."""
    app, ledger = EagleApp(folder / "libraries", import_delay=(0.0, 0.02)), Ledger()
    app.pictures = False
    wire = Wire(create_app(app, ledger))
    listener = Listener(wire)
    await listener.open()
    try:
        async with EagleClient(listener.address) as client:
            yield World(app, ledger, wire, listener, client, folder)
    finally:
        await listener.close()
        await asyncio.to_thread(app.close)
