"""A listening socket on 127.0.0.1 that can be opened, shut and opened again on the same port.

uvicorn serves it. Three things uvicorn does not offer are added: the port is known before the
first request, stopping takes milliseconds, and an application may hang up on a client
(`hang_up(scope)`), which no ASGI message can say.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"
_HANG_UP = "sandbox.hang_up"
_KEEP_ALIVE = (
    75  # seconds; shorter ones drop a client that was idle, which would be no fault of ours
)


def hang_up(scope: Scope) -> None:
    """Drop the connection that `scope`'s request came by, without a further byte."""
    cast("Callable[[], None]", scope["extensions"][_HANG_UP])()


class Listener:
    """Serves `app` on `port` (0: a free one, kept over closing and opening)."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self.port = port
        self._app = app
        self._server: uvicorn.Server | None = None
        self._kept: socket.socket | None = None
        self._ticks: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_open(self) -> bool:
        """True while the port answers."""
        return self._server is not None

    async def open(self) -> None:
        """Begin to answer. Raises OSError if the port is taken."""
        if self._server is not None:
            return
        self._give_port_back()
        listening = _bound_socket(self.port)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        self._ticks = asyncio.create_task(server.main_loop())
        self._server = server

    async def shut(self) -> None:
        """Refuse connections until it opens again; nobody else gets the port meanwhile."""
        await self._end()
        with contextlib.suppress(OSError):  # somebody took it in between
            self._kept = self._kept or _bound_socket(self.port)

    async def close(self) -> None:
        """Refuse connections from now on and drop the open ones."""
        self._give_port_back()
        await self._end()

    def _give_port_back(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    async def _end(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        for listening in server.servers:
            listening.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        pending: list[asyncio.Task[None]] = list(server.server_state.tasks)
        if self._ticks is not None:
            pending.append(self._ticks)
        for task in pending:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pending, return_exceptions=True)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[_HANG_UP] = lambda: self._drop(scope.get("client"))
        await self._app(scope, receive, send)

    def _drop(self, client: Any) -> None:
        if self._server is None or client is None:
            return
        for connection in list(self._server.server_state.connections):
            transport = connection.transport
            if transport.get_extra_info("peername") == tuple(client):
                transport.abort()


def _bound_socket(port: int) -> socket.socket:
    # Called TCP by name: else asyncio leaves Nagle's delay on, which is 40 ms an answer.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound
