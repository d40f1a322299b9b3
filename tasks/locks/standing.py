"""What is known of a lock that stands on a row; for a person, with this machine's time zone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.locks.value import is_live, parse
from tasks.shown_text import local


@dataclass(frozen=True, kw_only=True)
class OwnLocks:
    """What this machine knows of its own locks: the names it has had, the tokens that its living
    processes hold, those its dead ones held, and of these the ones that Eagle was importing for.
    """

    names: Collection[str] = ()
    living: Collection[str] = ()
    dead: Collection[str] = ()
    importing: Collection[str] = ()


@dataclass(frozen=True)
class Standing:
    """A lock's `text`, whether its time is over, and what else is known of it."""

    text: str
    is_stale: bool
    known: str

    def sentence(self) -> str:
        """Whose it is, since when, and what is known, for a person."""
        value = parse(self.text)
        if value is None:
            return f"{self.text!r} ({self.known})"
        since = local(value.taken_at)
        return f"process {value.pid} on {value.host}, since {since} ({self.known})"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; what the text does not tell is None."""
        value = parse(self.text)
        return vars(self) | {
            "host": value.host if value else None,
            "pid": value.pid if value else None,
            "since": value.taken_at.isoformat() if value else None,
        }


def standing(
    text: str, *, now: datetime, timeout: timedelta, last_edited: str, own: OwnLocks
) -> Standing:
    """Of the lock `text` at `now`, Notion's time, on a row edited at `last_edited` (ISO text)."""
    is_stale = not is_live(text, now=now, timeout=timeout, last_edited=last_edited)
    if is_stale:
        known = "its time is over; the next run takes the row"
    elif text in own.living:
        known = "a process of this machine works on it"
    elif text in own.importing:
        known = "its process here died while Eagle was importing; our next run goes on"
    elif text in own.dead:
        known = "its process on this machine is gone; the next run frees the row"
    else:
        known = _until(text, timeout, own)
    return Standing(text, is_stale, known)


def _until(text: str, timeout: timedelta, own: OwnLocks) -> str:
    value = parse(text)
    if value is None:
        minutes = timeout.total_seconds() / 60
        return f"no lock of ours; it holds the row until {minutes:.0f} min after its last edit"
    ends = f"{(value.taken_at + timeout).astimezone():%H:%M}"
    if value.host in own.names:
        return f"of this machine, but cannot be proven dead; expires {ends}"
    return f"held by another machine; expires {ends} unless it is renewed"
