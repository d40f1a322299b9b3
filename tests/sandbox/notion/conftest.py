"""One Notion stand-in over real HTTP for the whole session, and the real client to talk to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from notion_client import Client

from sandbox.ledger import Ledger
from sandbox.notion.app import TOKEN, create_app
from sandbox.notion.store import NotionStore

ROOT = "00000000-0000-4000-8000-000000000001"

Json = dict[str, Any]


@dataclass(frozen=True)
class Served:
    """The stand-in: its state, its ledger, and where it answers."""

    store: NotionStore
    ledger: Ledger
    address: str

    def client(self, version: str = "2025-09-03") -> Client:
        """The real notion-client."""
        http = httpx.Client(trust_env=False)
        return Client(
            auth=TOKEN,
            base_url=self.address,
            notion_version=version,
            retry=False,
            client=http,
        )

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request by hand, with token and version unless `headers` are given."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Notion-Version": "2025-09-03"}
        more.setdefault("headers", headers)
        return httpx.request(method, self.address + path, trust_env=False, **more)


@pytest.fixture(scope="session")
def notion() -> Iterator[Served]:
    """A server on a free port, with the root page."""
    store, ledger = NotionStore(), Ledger()
    store.create_root_page(ROOT, "Tests")
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; else 40 ms a request.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        config = uvicorn.Config(create_app(store, ledger), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Served(store, ledger, f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def root() -> str:
    """The id of the root page."""
    return ROOT


@pytest.fixture(scope="session")
def client(notion: Served) -> Client:
    """The real notion-client, 2025-09-03."""
    return notion.client()


@pytest.fixture(scope="session")
def newer_client(notion: Served) -> Client:
    """The real notion-client, 2026-03-11."""
    return notion.client("2026-03-11")


@pytest.fixture
def make_table(client: Client) -> Callable[..., str]:
    """Makes a database under the root page with these properties; gives its data source's id."""

    def make(properties: Json | None = None, title: str = "Tracks") -> str:
        created = client.databases.create(
            parent={"type": "page_id", "page_id": ROOT},
            title=[{"type": "text", "text": {"content": title}}],
            initial_data_source={"properties": {"Name": {"title": {}}} | (properties or {})},
        )
        found: str = created["data_sources"][0]["id"]
        return found

    return make


@pytest.fixture
def add_row(client: Client) -> Callable[..., Json]:
    """Makes a row called `name` with further properties; gives the page."""

    def add(data_source_id: str, name: str, **properties: Json) -> Json:
        given = {key.replace("_", " "): value for key, value in properties.items()}
        title = {"title": [{"text": {"content": name}}]}
        page: Json = client.pages.create(
            parent={"type": "data_source_id", "data_source_id": data_source_id},
            properties={"Name": title} | given,
        )
        return page

    return add
