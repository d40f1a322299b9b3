"""Times as a person on this machine reads them."""

from __future__ import annotations

from datetime import datetime


def local(moment: datetime | str) -> str:
    """`2026-11-25 23:10` in this machine's time zone; text that is no time stays as it is."""
    try:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        return str(moment)
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
