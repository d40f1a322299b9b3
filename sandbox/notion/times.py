"""Points in time: stored as milliseconds since 1970, shown to the minute.

Source: docs/facts/notion.md, "Pages": pages, blocks and data sources are rounded down to the
minute, databases show milliseconds and `+00:00`. That a date property drops seconds is an inference
from Notion keeping its times as hour and minute.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def utc_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def minute_of(milliseconds: int) -> int:
    """`milliseconds` rounded down to the minute."""
    return milliseconds - milliseconds % 60_000


def iso_minute(milliseconds: int) -> str:
    """`2026-11-23T10:15:00.000Z`."""
    moment = datetime.fromtimestamp(minute_of(milliseconds) / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:00.000Z")


def iso_milliseconds(milliseconds: int) -> str:
    """`2026-11-23T10:15:07.504+00:00`."""
    whole, rest = divmod(milliseconds, 1000)
    moment = datetime.fromtimestamp(whole, UTC) + timedelta(milliseconds=rest)
    return moment.isoformat(timespec="milliseconds")


def instant(text: str) -> tuple[datetime, bool] | None:
    """The moment `text` names and whether it is a whole day; None if it is no ISO 8601 date."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment, _DATE.fullmatch(text) is not None


def date_value(start: str, end: str | None, time_zone: str | None) -> dict[str, Any]:
    """A date as a page shows it. Raises ValueError if a part is no date or no time zone."""
    zone = _zone(time_zone)
    return {
        "start": _shown(start, zone),
        "end": None if end is None else _shown(end, zone),
        "time_zone": time_zone,
    }


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(name) from error


def _shown(text: str, zone: ZoneInfo | None) -> str:
    moment = datetime.fromisoformat(text)
    if _DATE.fullmatch(text):
        return text
    if zone is not None:
        moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.replace(second=0, microsecond=0).isoformat(timespec="milliseconds")
