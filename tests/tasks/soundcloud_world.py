"""The SoundCloud stand-in and a client of ours that is told to use it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.ledger import Ledger
from sandbox.soundcloud import SoundCloudStandIn
from tasks.soundcloud.address import parse_address
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient
from tasks.soundcloud.information import Download

ACCOUNT = "2-290000-sandbox"


@dataclass
class SoundCloudWorld:
    """A stand-in that serves on `port`; downloads go to fresh folders under `folder`."""

    standin: SoundCloudStandIn
    ledger: Ledger
    folder: Path
    port: int

    def add(self, title: str = "Some Track", **parts: Any) -> Any:
        """A track of five seconds, unless told otherwise."""
        return self.standin.catalogue.add_track(title, "Some One", **{"seconds": 5} | parts)

    def client(self, **options: Any) -> SoundCloudClient:
        """A client with a budget of its own."""
        given = {
            "cache_dir": self.folder / "cache",
            "budget": SourceBudget(first_pause=0.2, longest_pause=0.4),
            "proxy": f"http://127.0.0.1:{self.port}",
            "tls_verify": False,
            "socket_seconds": 60.0,
        }
        return SoundCloudClient(**given | options)

    async def download(self, url: str, client: SoundCloudClient | None = None) -> Download:
        """One attempt, in a folder of its own."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        return await (client or self.client()).download(parse_address(url), folder)

    def requests(self, part: str) -> list[str]:
        """`METHOD host/path` of each request with `part` in it, in order."""
        entries = self.ledger.entries(event="request", service="soundcloud")
        lines = [f"{entry['method']} {entry['path']}" for entry in entries]
        return [line for line in lines if part in line]


@asynccontextmanager
async def soundcloud_world(folder: Path) -> AsyncIterator[SoundCloudWorld]:
    """A stand-in that serves in this event loop."""
    ledger = Ledger()
    standin = SoundCloudStandIn(folder / "soundcloud", ledger)
    port = await standin.start()
    try:
        yield SoundCloudWorld(standin, ledger, folder, port)
    finally:
        await standin.stop()
