"""The text of a lock, `PID:HOSTNAME:UUID:TIMESTAMP`, and when such a text hinders a claim.

Pure: no clock, no I/O. Source of the rules: docs/lock.md, "Claiming" and "Cleaning up".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

# The host may hold colons (IPv6), so the number is read from the left and the rest from the right.
_VALUE = re.compile(
    r"(?P<pid>\d{1,10}):(?P<host>.+):(?P<uuid>[^:\s]+)"
    r":(?P<taken>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))",
    re.ASCII,
)
# Notion rounds `last_edited_time` down to the minute.
_ROUNDING = timedelta(minutes=1)


@dataclass(frozen=True)
class LockValue:
    """One lock. `taken_at` is in Notion's time (aware); `uuid` is fresh for every attempt."""

    pid: int
    host: str
    uuid: str
    taken_at: datetime

    def __str__(self) -> str:
        """The text as it stands in Notion, the time in UTC."""
        return f"{self.pid}:{self.host}:{self.uuid}:{self.taken_at.astimezone(UTC).isoformat()}"

    def renewed(self, now: datetime) -> LockValue:
        """The same holder's lock with a new time, in whole seconds.

        It is always later than the one before: else two renewals would be the same text, and an
        answered one could not be told from one that landed late.
        """
        later = self.taken_at + timedelta(seconds=1)
        return replace(self, taken_at=max(now.replace(microsecond=0), later))


def parse(text: str) -> LockValue | None:
    """The lock in `text`, or None if it is none. Fractions of a second, as the earlier script
    wrote them, are accepted; a time without an offset is not.
    """
    found = _VALUE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        taken_at = datetime.fromisoformat(found["taken"]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return LockValue(int(found["pid"]), found["host"], found["uuid"], taken_at)


def holder(text: str) -> str:
    """Who wrote the lock `text`, for a sentence."""
    value = parse(text)
    if value is not None:
        return f"process {value.pid} on {value.host}"
    return "a lock that cannot be read" if text.strip() else "nobody"


def is_live(text: str, *, now: datetime, timeout: timedelta, last_edited: str) -> bool:
    """True if the lock `text` hinders a claim at `now`, Notion's time.

    A lock hinders for `timeout` after its TIMESTAMP. A value that cannot be parsed, or whose
    TIMESTAMP lies further ahead than `timeout`, may be somebody's, but tells no time: it hinders
    for `timeout` after the page's `last_edited` (Notion's ISO text). If that cannot be read
    either, it hinders.
    """
    if not text.strip():
        return False
    value = parse(text)
    if value is not None and value.taken_at - now <= timeout:
        return now - value.taken_at < timeout
    edited = _time(last_edited)
    return edited is None or now - edited < timeout + _ROUNDING


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
