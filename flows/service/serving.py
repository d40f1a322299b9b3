"""`library-sync serve`: Prefect's server with its UI, the schedules and a worker, on this machine.

The server is a process of its own (`flows.service.server`); the worker is this one. When either
ends, both do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flows.prefect_server.environment import prefect_home
from flows.prefect_server.own_database import names_a_database, prune, reason_against
from flows.service.server import HOST, answering, log_path
from flows.settings import Settings
from tasks.errors import ConfigurationError, SyncError
from tasks.soundcloud.update import update_ytdlp

_log = logging.getLogger("flows.serve")

TRIAL = ("-m", "flows.command_line.trial")
"""Words after `python` of the trial of a yt-dlp, on the stand-ins."""
_DAY = 24 * 3600.0
_BEFORE = timedelta(minutes=15)


async def serve(settings: Settings, *, port: int, nightly: str, timezone: str) -> None:
    """Serve until a signal comes. Raises ConfigurationError for a port or database in use."""
    from prefect import get_client  # noqa: PLC0415  (it reads the address that was set just now)

    from flows.prefect_server.objects import prepare_server  # noqa: PLC0415
    from flows.service.deployments import deploy_all  # noqa: PLC0415

    _log.info("Starting Prefect's server, which takes some seconds...")
    async with _tidied(settings), answering(port) as server:
        async with get_client() as client:
            for sentence in await prepare_server():
                _log.debug("%s", sentence)
            await deploy_all(client, nightly, timezone)
        _log.info("Prefect's page is at http://%s:%d", HOST, port)
        _log.info(
            "Every night at %s (%s) new tracks are brought in. Ctrl-C ends it.", nightly, timezone
        )
        async with _beside(_updates(settings, nightly, timezone)):
            await _work_beside(server)


async def _work_beside(server: subprocess.Popen[bytes]) -> None:
    """Work until a signal comes. Raises ConfigurationError if the server ends before."""
    from flows.service.worker import work_until_stopped  # noqa: PLC0415

    working = asyncio.create_task(work_until_stopped(drain=False))
    dying = asyncio.create_task(asyncio.to_thread(server.wait))
    await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        raise ConfigurationError(
            "Prefect's server has ended by itself.",
            remedy=f"{log_path()} says why; start `library-sync serve` again.",
        )
    working.result()


async def _updates(settings: Settings, nightly: str, timezone: str) -> None:
    """UPDATE_YT_DLP=1: the newest yt-dlp, a while before each nightly run."""
    if settings.update_ytdlp:
        await update_every_night(nightly, timezone)


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something goes on until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()


async def update_every_night(nightly: str, timezone: str) -> None:
    """Never returns; what goes wrong is said, and the release that was there stays."""
    while True:
        await asyncio.sleep(seconds_until(nightly, datetime.now(ZoneInfo(timezone))))
        try:
            outcome = await asyncio.to_thread(update_ytdlp, TRIAL)
        except SyncError as error:
            _log.warning("yt-dlp was not updated: %s %s", error, error.remedy)
        else:
            _log.info("%s", outcome.sentence)


def seconds_until(nightly: str, now: datetime) -> float:
    """From `now` to a quarter of an hour before the next `nightly`, a time of day like 03:00."""
    hour, minute = map(int, nightly.split(":"))
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0) - _BEFORE
    while at <= now:
        at += timedelta(days=1)
    return (at - now).total_seconds()


def name_server(port: int) -> None:
    """Let this process use the server that `serve` starts; to be called before Prefect's import."""
    os.environ["PREFECT_API_URL"] = f"http://{HOST}:{port}/api"


def local_timezone() -> str:
    """The machine's time zone by its name, `UTC` where it has none."""
    from tzlocal import get_localzone_name  # noqa: PLC0415  (only who serves needs it)

    with suppress(Exception):  # a machine may be set up in more wrong ways than it has exceptions
        return str(get_localzone_name() or "UTC")
    return "UTC"


@contextlib.asynccontextmanager
async def _tidied(settings: Settings) -> AsyncIterator[None]:
    """Old runs are deleted now and every day; the newest KEEP_RUNS stay.

    Only in Prefect's own file: a database that its user has named is left alone.
    """
    if names_a_database():
        yield
        return
    database = prefect_home() / "prefect.db"
    if reason := reason_against(database):
        raise ConfigurationError(
            f"Prefect's database {database} cannot be used: {reason}.",
            remedy="Move the file away, or set PREFECT_HOME to another folder.",
        )

    await asyncio.to_thread(_prune, settings)
    async with _beside(_prune_every_day(settings)):
        yield


async def _prune_every_day(settings: Settings) -> None:
    while True:
        await asyncio.sleep(_DAY)
        await asyncio.to_thread(_prune, settings)


def _prune(settings: Settings) -> None:
    database = prefect_home() / "prefect.db"
    try:
        if database.exists():
            prune(database, settings.keep_runs)
    except (OSError, sqlite3.Error) as error:
        _log.warning("Old runs were not deleted from %s: %s", database, error)
