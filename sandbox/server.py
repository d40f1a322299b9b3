"""The sandbox: Notion, Eagle, SoundCloud and plain audio on 127.0.0.1, over one state folder.

One port serves Notion at `/v1`, Eagle at `/api` (and its deep links), audio at `/audio` and the
administration at `/_sandbox`. Eagle answers on a port of its own as well, which is the one
`EAGLE_API_BASE` names: only a port that can be shut shows what "Eagle is not running" is like.
SoundCloud is a proxy (`SC_PROXY`) on a third.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import admin, audio_files
from sandbox.administered import Faulty
from sandbox.builders import Builder, builder_for
from sandbox.eagle.app import create_app as eagle_routes
from sandbox.eagle.eagle import EagleApp
from sandbox.fault_layer import FaultLayer
from sandbox.faults import EaglePlan, FaultPlan, NotionPlan
from sandbox.ledger import Ledger
from sandbox.listener import HOST, Listener
from sandbox.notion.app import create_app as notion_routes
from sandbox.notion.store import NotionStore
from sandbox.soundcloud import SoundCloudStandIn
from sandbox.world import World

TOKEN = "secret-sandbox"  # noqa: S105 - the stand-in's, which every test and demo uses


class Sandbox:
    """The stand-ins over the folder `state`, which keeps them from one start to the next.

    `async with Sandbox(state) as sandbox:` serves in the running event loop. A fresh state gets
    the demo's world, or `tracks` ordinary rows, or with `empty` the root page alone; `build`
    replaces all three. What is in `state` already is served as it is. Entering raises OSError if
    `port` is taken, or `state` was left half-built.
    """

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        tracks: int | None = None,
        empty: bool = False,
        eagle_library: str = "Sandbox",
        seed: int = 0,
        build: Builder | None = None,
    ) -> None:
        self.state = state.absolute()
        self.state.mkdir(parents=True, exist_ok=True)
        self.seed = seed
        self.ledger = Ledger(self.state / "ledger.jsonl")
        self.notion = NotionStore(self.state / "notion", seed=seed)
        self.eagle = EagleApp(self.state / "eagle", library_name=eagle_library, seed=seed)
        self._library = self.eagle.library.path
        self.soundcloud = SoundCloudStandIn(self.state / "soundcloud", self.ledger, seed=seed)
        self.world = World(self.state / "world.json", self.notion, self.eagle, self.soundcloud)
        self.layers = self._fault_layers()
        self.faults: dict[str, Faulty] = {**self.layers, "soundcloud": self.soundcloud}
        self._calm = (self.notion.query_lag, self.notion.cursor_lifetime, self.eagle.import_delay)
        self._build = build or builder_for(tracks=tracks, empty=empty)
        self._audio = audio_files.create_app(self.state / "audio", self.ledger)
        self._admin = admin.create_app(self)
        self._main = Listener(self._route, port)
        self._eagle_listener = Listener(self.layers["eagle"])
        self._proxy_port = 0

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT` of everything but SoundCloud."""
        return self._main.address

    @property
    def environment(self) -> dict[str, str]:
        """The environment by which the product uses these stand-ins."""
        world = self.world
        databases = {"TRACKS_DB_ID": world.tracks_db, "PLAYLISTS_DB_ID": world.playlists_db}
        return {
            "NOTION_TOKEN": TOKEN,
            "NOTION_BASE_URL": self._main.address,
            **{name: value for name, value in databases.items() if value},
            "EAGLE_API_BASE": self._eagle_listener.address,
            "EAGLE_LIBRARY_PATH": str(self._library),
            "OUT_DIR": str(self.state / "out"),
            "PLAYLIST_TRACKS_DIR": str(self.state / "playlist-tracks"),
            "SC_PROXY": f"http://{HOST}:{self._proxy_port}",
            "SC_TLS_VERIFY": "0",
            "ALLOWED_SOURCE_HOSTS": f"{HOST}:{self._main.port}",
            "LIBRARY_SYNC_STATE": str(self.state / "machine"),
        }

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as opened:
            opened.callback(self.notion.close)
            opened.push_async_callback(asyncio.to_thread, self.eagle.close)
            for layer in self.layers.values():
                opened.push_async_callback(layer.close)
            await asyncio.to_thread(self.world.build, self._build)
            for listener in (self._main, self._eagle_listener):
                await listener.open()
                opened.push_async_callback(listener.close)
            self._proxy_port = await self._start_soundcloud()
            opened.push_async_callback(self.soundcloud.stop)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._opened.aclose()

    async def _start_soundcloud(self) -> int:
        """The proxy's port: the one it had in this state folder before, if that is free.

        A product that remembers by which proxy it failed finds the same world after a restart.
        """
        file = self.state / "proxy-port"
        try:
            return await self.soundcloud.start(int(file.read_text("utf-8")))
        except (OSError, ValueError):
            port = await self.soundcloud.start()
            file.write_text(str(port), "utf-8")
            return port

    @property
    def plans(self) -> dict[str, FaultPlan]:
        """The plan in force for each service."""
        return {name: service.plan for name, service in self.faults.items()}

    def set_faults(self, service: str, plan: FaultPlan, *, seed: int = 0) -> None:
        """Follow `plan` for `service` from now on; an empty plan ends all faults."""
        self.faults[service].use(plan, seed=seed)
        if isinstance(plan, NotionPlan):
            self.notion.query_lag = plan.query_lag or self._calm[0]
            self.notion.cursor_lifetime = plan.cursor_lifetime or self._calm[1]
        elif isinstance(plan, EaglePlan):
            self.eagle.import_delay = plan.import_delay or self._calm[2]
            self.eagle.lose_imports = plan.lose_imports or 0.0

    async def settle(self) -> None:
        """Wait until every late write has landed."""
        for layer in self.layers.values():
            await layer.settle()

    async def stop_eagle(self) -> None:
        """Quit Eagle: its port refuses connections, `/api` on the main port drops them."""
        self.eagle.stopped = True
        await self._eagle_listener.shut()

    async def start_eagle(self) -> None:
        """Start Eagle again, on the same port and with the same library."""
        self.eagle.stopped = False
        await self._eagle_listener.open()

    def _fault_layers(self) -> dict[str, FaultLayer]:
        eagle = self.eagle
        return {
            "notion": FaultLayer(notion_routes(self.notion, self.ledger), "notion", self.ledger),
            "eagle": FaultLayer(
                eagle_routes(eagle, self.ledger),
                "eagle",
                self.ledger,
                on_switch=eagle.switch_library,
                is_stopped=lambda: eagle.stopped,
            ),
        }

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app_for(scope.get("path", "/"))(scope, receive, send)

    def _app_for(self, path: str) -> ASGIApp:
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        others: dict[str, ASGIApp] = {
            "v1": self.layers["notion"],
            "audio": self._audio,
            "_sandbox": self._admin,
        }
        return others.get(first, self.layers["eagle"])
