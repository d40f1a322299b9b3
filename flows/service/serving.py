"""`library-sync serve`: Prefect's server with its UI, the schedules and a worker, on this machine.

The server listens on 127.0.0.1, and takes no request that a web page makes. It is a process of its
own; the worker is this one. When either ends, both do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import httpx

from flows.prefect_server.environment import prefect_home
from flows.prefect_server.own_database import prune, reason_against
from flows.service.updating import update_every_night
from flows.settings import Settings
from tasks.errors import ConfigurationError

_log = logging.getLogger("flows.serve")

_HOST = "127.0.0.1"
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
_DAY = 24 * 3600.0


async def serve(settings: Settings, *, port: int, nightly: str, timezone: str) -> None:
    """Serve until a signal comes. Raises ConfigurationError for a port or database in use."""
    from prefect import get_client  # noqa: PLC0415  (it reads the address that was set just now)

    from flows.prefect_server.objects import prepare_server  # noqa: PLC0415
    from flows.service.deployments import deploy_all  # noqa: PLC0415
    from flows.service.worker import work_until_stopped  # noqa: PLC0415

    async with _tidied(settings), _answering(port) as server:
        async with get_client() as client:
            for sentence in await prepare_server():
                _log.debug("%s", sentence)
            await deploy_all(client, nightly, timezone)
        _log.info("Prefect's page is at http://%s:%d", _HOST, port)
        _log.info(
            "Every night at %s (%s) new tracks are brought in. Ctrl-C ends it.", nightly, timezone
        )
        updating = asyncio.create_task(_updates(settings, nightly, timezone))
        working = asyncio.create_task(work_until_stopped(drain=False))
        dying = asyncio.create_task(asyncio.to_thread(server.wait))
        await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
        updating.cancel()
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            raise ConfigurationError(
                "Prefect's server has ended by itself.",
                remedy=f"{_log_path()} says why; start `library-sync serve` again.",
            )
        working.result()


async def _updates(settings: Settings, nightly: str, timezone: str) -> None:
    if settings.update_ytdlp:
        await update_every_night(nightly, timezone)


def name_server(port: int) -> None:
    """Let this process use the server that `serve` starts; to be called before Prefect's import."""
    os.environ["PREFECT_API_URL"] = f"http://{_HOST}:{port}/api"


def local_timezone() -> str:
    """The machine's time zone by its name, `UTC` where it has none."""
    from tzlocal import get_localzone_name  # noqa: PLC0415  (only who serves needs it)

    with suppress(Exception):  # a machine may be set up in more wrong ways than it has exceptions
        return str(get_localzone_name() or "UTC")
    return "UTC"


@contextlib.asynccontextmanager
async def _tidied(settings: Settings) -> AsyncIterator[None]:
    """Old runs are deleted now and every day; the newest KEEP_RUNS stay."""
    database = prefect_home() / "prefect.db"
    if reason := reason_against(database):
        raise ConfigurationError(
            f"Prefect's database {database} cannot be used: {reason}.",
            remedy="Move the file away, or set PREFECT_HOME to another folder.",
        )

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(_DAY)
            await asyncio.to_thread(_prune, settings)

    await asyncio.to_thread(_prune, settings)
    pruning = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        pruning.cancel()


def _prune(settings: Settings) -> None:
    database = prefect_home() / "prefect.db"
    try:
        if database.exists():
            prune(database, settings.keep_runs)
    except (OSError, sqlite3.Error) as error:
        _log.warning("Old runs were not deleted from %s: %s", database, error)


@contextlib.asynccontextmanager
async def _answering(port: int) -> AsyncIterator[subprocess.Popen[bytes]]:
    """The server, once it answers; ended with the block."""
    _require_free(port)
    with _running(port) as server:
        async with httpx.AsyncClient(trust_env=False) as http:
            for _ in range(int(_SECONDS_TO_START * 2)):
                with suppress(httpx.TransportError):
                    if (await http.get(f"http://{_HOST}:{port}/api/health")).is_success:
                        yield server
                        return
                if server.poll() is not None:
                    break
                await asyncio.sleep(0.5)
        raise ConfigurationError(
            "Prefect's server does not start.", remedy=f"{_log_path()} says why."
        )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} cannot be used ({error.strerror}): is `library-sync serve` running "
                "already, or another Prefect server?",
                remedy="Stop that one, or choose another port with --port.",
            ) from error


def _log_path() -> str:
    return str(prefect_home() / "library-sync-serve.log")


@contextlib.contextmanager
def _running(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The process, out of reach of Ctrl-C: the worker's run must be recorded until its end."""
    words = ["server", "start", "--host", _HOST, "--port", str(port)]
    address = f"http://{_HOST}:{port}"
    origins = f"{address},http://localhost:{port}"
    ours = _SERVER | {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": origins}
    ours |= {"PREFECT_UI_API_URL": f"{address}/api"}
    given = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    with open(_log_path(), "wb", opener=_for_owner) as said:
        server = subprocess.Popen(  # noqa: S603  (Prefect's own command)
            [sys.executable, "-m", "prefect", *words],
            stdin=subprocess.DEVNULL,
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
    server.terminate()
    try:
        server.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
