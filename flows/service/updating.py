"""UPDATE_YT_DLP=1: who serves brings the newest yt-dlp in a while before each nightly run."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.errors import SyncError
from tasks.soundcloud.update import TRIAL, update_ytdlp

_log = logging.getLogger("flows.serve")

_BEFORE = timedelta(minutes=15)


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
