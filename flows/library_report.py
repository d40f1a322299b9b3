"""The library at a glance, counted from one listing of all rows. Knows nothing of Prefect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.preflight import open_schema
from flows.settings import Settings
from tasks.errors import ErrorType
from tasks.locks.value import is_live, parse
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.filters import wants
from tasks.notion.listing import list_rows
from tasks.notion.rows import to_track
from tasks.tracks import Track, TrackFilter

__all__ = ["LibraryReport", "LockSeen", "count_rows", "read_library"]

_ERRORS = frozenset(error.value for error in ErrorType)


@dataclass(frozen=True)
class LockSeen:
    """A lock on a row: whose, since when, and whether its time is over."""

    label: str
    text: str
    is_stale: bool

    def sentence(self) -> str:
        """One line for a person."""
        value = parse(self.text)
        state = "stale" if self.is_stale else "live"
        if value is None:
            return f"{self.label}: {self.text!r} ({state}, not readable)"
        return f"{self.label}: {value.host}, process {value.pid}, {value.taken_at} ({state})"


@dataclass(frozen=True, kw_only=True)
class LibraryReport:
    """Counts of rows (the original's `status` names), waiting by filter, locks, errors."""

    counts: Mapping[str, int]
    waiting: Mapping[str, int]
    errors: Mapping[str, int]
    locks: list[LockSeen] = field(default_factory=list)
    taken_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        locks = [vars(lock) for lock in self.locks]
        return {"timestamp": self.taken_at, **self.counts} | {
            "waiting": dict(self.waiting),
            "errors": dict(self.errors),
            "locks": locks,
        }

    def lines(self) -> list[str]:
        """The report for a terminal."""
        text = ["LIBRARY STATUS"]
        text += [f"   {name.replace('_', ' '):<22}{n:>8}" for name, n in self.counts.items()]
        text += ["Waiting, by filter"]
        text += [f"   {name:<22}{n:>8}" for name, n in self.waiting.items()]
        if self.errors:
            text += ["Errors, by class"]
            text += [f"   {name:<22}{n:>8}" for name, n in self.errors.items()]
        if self.locks:
            text += ["Locks"] + [f"   {lock.sentence()}" for lock in self.locks]
        return text


async def read_library(settings: Settings) -> LibraryReport:
    """List every row once and count. Raises ConfigurationError, NotionError."""
    budget = RequestBudget(settings.notion_requests_per_minute)
    client = NotionClient(settings.notion_token, base_url=settings.notion_base_url, budget=budget)
    async with client:
        schema = await open_schema(client, settings)
        tracks = []
        edited = {}
        async for page in list_rows(client, schema.data_source_id, {"and": []}, only=schema.names):
            tracks.append(to_track(page, schema))
            edited[page["id"]] = page.get("last_edited_time", "")
        now = datetime.now(UTC) + client.clock_offset
    return count_rows(tracks, edited, now, timedelta(minutes=settings.lock_timeout_minutes))


def count_rows(
    tracks: Iterable[Track], edited: Mapping[str, str], now: datetime, timeout: timedelta
) -> LibraryReport:
    """The report on `tracks`; `edited` has each row's last_edited_time, `now` is Notion's."""
    counts: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    locks = []
    for track in tracks:
        counts.update(name for name, holds in _facts(track).items() if holds)
        waiting.update(f.value for f in TrackFilter if wants(track, f))
        errors.update(status for status in track.statuses if status in _ERRORS)
        if track.lock:
            last = edited.get(track.page_id, "")
            live = is_live(track.lock, now=now, timeout=timeout, last_edited=last)
            locks.append(LockSeen(track.label, track.lock, is_stale=not live))
    live_locks = sum(not lock.is_stale for lock in locks)
    return LibraryReport(
        counts={name: counts[name] for name in _facts(Track(page_id=""))}
        | {"currently_locked": live_locks, "stale_locks": len(locks) - live_locks},
        waiting={f.value: waiting[f.value] for f in TrackFilter},
        errors=dict(errors.most_common()),
        locks=locks,
        taken_at=now.isoformat(timespec="seconds"),
    )


def _facts(track: Track) -> dict[str, bool]:
    return {
        "total_tracks": True,
        "with_soundcloud_url": bool(track.soundcloud_url),
        "downloaded": track.downloaded,
        "not_downloaded": not track.downloaded,
        "with_eagle_id": bool(track.eagle_id),
        "without_eagle_id": not track.eagle_id,
        "with_file_paths": track.has_paths,
        "needs_processing": bool(track.soundcloud_url) and wants(track, TrackFilter.UNPROCESSED),
    }
