"""An Eagle per test behind one server of the session: `eagle` and a client for it, `call`."""

from __future__ import annotations

import json
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.eagle.app import create_app
from sandbox.eagle.eagle import EagleApp
from sandbox.ledger import Ledger


class EagleServer:
    """Serves whichever application is `current`, on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.current: ASGIApp | None = None
        config = uvicorn.Config(
            self._serve, interface="asgi3", port=0, lifespan="off", log_level="warning"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def start(self) -> str:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        listening: socket.socket = self._server.servers[0].sockets[0]
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.current is not None
        await self.current(scope, receive, send)


@dataclass
class EagleClient:
    """Calls Eagle as its clients do: JSON text in a POST that says nothing of JSON."""

    http: httpx.Client
    eagle: EagleApp

    def get(self, path: str, /, **query: object) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "success"
        return answer.json().get("data")

    def post(self, path: str, /, **args: object) -> Any:
        answer = self.http.post(path, content=json.dumps(args))
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "success"
        return answer.json().get("data")

    def refused(self, method: str, path: str, /, **args: object) -> tuple[int, Any]:
        sent = {"content": json.dumps(args)} if method == "POST" else {"params": args}
        answer = self.http.request(method, path, **sent)
        return answer.status_code, answer.json()

    def appeared(self, item_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """Poll until the item is there, as every client of Eagle must."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.http.get("/api/item/info", params={"id": item_id})
            if answer.status_code == 200:
                return dict(answer.json()["data"])
            time.sleep(0.01)
        raise AssertionError(f"{item_id} never appeared: {self.eagle.lost}")

    def never(self, count: int = 1, seconds: float = 60.0) -> list[tuple[str, str]]:
        """Wait until `count` imports were given up."""
        deadline = time.monotonic() + seconds
        while len(self.eagle.lost) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.eagle.lost) == count, self.eagle.lost
        return self.eagle.lost


@pytest.fixture(scope="session")
def eagle_server() -> Iterator[tuple[EagleServer, httpx.Client]]:
    server = EagleServer()
    with httpx.Client(base_url=server.start(), trust_env=False, timeout=60) as client:
        yield server, client
    server.stop()


@pytest.fixture
def eagle_ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def eagle(tmp_path: Path) -> Iterator[EagleApp]:
    """An Eagle with an empty library `Sandbox` that imports at once."""
    app = EagleApp(tmp_path / "libraries", import_delay=(0, 0))
    app.switch_delay = 0.05
    yield app
    app.close()


@pytest.fixture
def call(
    eagle: EagleApp, eagle_ledger: Ledger, eagle_server: tuple[EagleServer, httpx.Client]
) -> EagleClient:
    server, client = eagle_server
    server.current = create_app(eagle, eagle_ledger)
    return EagleClient(client, eagle)


@pytest.fixture
def make_wav(tmp_path: Path) -> Callable[..., Path]:
    """Makes `<name>.wav` of so many seconds of silence, 8 kHz mono."""

    def make(name: str = "tone", seconds: float = 1.0) -> Path:
        path = tmp_path / f"{name}.wav"
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", ""))
            out.writeframes(b"\0\0" * int(8000 * seconds))
        return path

    return make
