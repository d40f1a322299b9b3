"""The Prefect server of `library-sync serve`: one a machine, gone when who started it is gone.

It listens on 127.0.0.1, and takes no request that a web page makes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import httpx

from flows.prefect_server.environment import LEAN_SERVER, prefect_home
from flows.prefect_server.own_server import end
from tasks.disk import file_lock
from tasks.disk.private import open_private
from tasks.errors import ConfigurationError

HOST = "127.0.0.1"
_SERVER = LEAN_SERVER | {
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    # A page in the browser may neither read nor, by a hidden form, start anything.
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
}
_SECONDS_TO_START = 180.0
_SECONDS_TO_END = 15.0

_KEEPER = "flows.service.keeper"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Raises ConfigurationError if `serve` works with this Prefect home already."""
    home = prefect_home()
    with file_lock.alone(home / "library-sync-serve.lock") as is_alone:
        if not is_alone:
            raise ConfigurationError(
                f"`library-sync serve` is running already, with the database in {home}.",
                remedy="One is enough for this machine: use that one, or stop it first.",
            )
        yield


@contextlib.asynccontextmanager
async def answering(port: int) -> AsyncIterator[subprocess.Popen[bytes]]:
    """The server, once it answers; ended with the block."""
    _require_free(port)
    with _running(port) as server:
        async with httpx.AsyncClient(trust_env=False) as http:
            for _ in range(int(_SECONDS_TO_START * 2)):
                with suppress(httpx.TransportError):
                    if (await http.get(f"http://{HOST}:{port}/api/health")).is_success:
                        yield server
                        return
                if server.poll() is not None:
                    break
                await asyncio.sleep(0.5)
        raise ConfigurationError(
            "Prefect's server does not start.", remedy=f"{log_path()} says why."
        )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} cannot be used ({error.strerror}): is `library-sync serve` running "
                "already, or another Prefect server?",
                remedy="Stop that one, or choose another port with --port.",
            ) from error


def log_path() -> str:
    return str(prefect_home() / "library-sync-serve.log")


@contextlib.contextmanager
def _running(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The process, out of reach of Ctrl-C: the worker's run must be recorded until its end.

    Its keeper ends it when we are gone, however that came.
    """
    words = ["prefect", "server", "start", "--host", HOST, "--port", str(port)]
    address = f"http://{HOST}:{port}"
    origins = f"{address},http://localhost:{port}"
    ours = _SERVER | {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": origins}
    ours |= {"PREFECT_UI_API_URL": f"{address}/api"}
    given = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    with open(log_path(), "wb", opener=open_private) as said:
        server = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", _KEEPER, *words],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
            cwd=prefect_home(),  # Prefect would read the `.env` of the folder we are in
            env=ours | given,
        )
    try:
        yield server
    finally:
        end(server, _SECONDS_TO_END)
