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

from flows.prefect_server.environment import prefect_home
from tasks.errors import ConfigurationError
from tasks.locks.registry import try_lock

HOST = "127.0.0.1"
_SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    # A page in the browser may neither read nor, by a hidden form, start anything.
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    # Two thirds of the database would be events, which only Prefect's page of events shows.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
}
_SECONDS_TO_START = 180.0
_SECONDS_TO_END = 15.0

_KEEPER = "flows.service.keeper"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Raises ConfigurationError if `serve` works with this Prefect home already."""
    home = prefect_home()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(home / "library-sync-serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not try_lock(descriptor):
            raise ConfigurationError(
                f"`library-sync serve` is running already, with the database in {home}.",
                remedy="One is enough for this machine: use that one, or stop it first.",
            )
        yield
    finally:
        os.close(descriptor)


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
    with open(log_path(), "wb", opener=_for_owner) as said:
        server = subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", _KEEPER, *words],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env=ours | given,
        )
    try:
        yield server
    finally:
        _end(server)


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _end(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin is not None
    with suppress(OSError):
        server.stdin.close()
    try:
        server.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
