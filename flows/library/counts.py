"""The library's rows counted: by state, by filter, by error; locks, and files that are gone. Pure,
except for `missing_files`, which looks at the disk.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from tasks.locks.standing import OwnLocks, standing
from tasks.locks.value import parse
from tasks.notion.filters import wants
from tasks.notion.statuses import errors_of
from tasks.tracks import Track, TrackFilter

__all__ = [
    "Example",
    "LibraryCounts",
    "LockSeen",
    "MissingFiles",
    "RowState",
    "count_rows",
    "missing_files",
    "state_of",
]

_EXAMPLES = 3


class RowState(StrEnum):
    """Where a row stands; each row is in one state, the first that fits."""

    DUPLICATE = "duplicate"
    COMPLETE = "complete"
    NO_EAGLE_ID = "downloaded, no Eagle id"
    FAILED = "failed"
    FILES_ONLY = "has files, not ticked"
    NO_SOURCE = "no address"
    WAITING = "waiting"


@dataclass(frozen=True)
class LockSeen:
    """A lock on a row: whose, since when, whether its time is over, and what is known of it."""

    label: str
    text: str
    is_stale: bool
    known: str
    page_url: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; what the text does not tell is None."""
        value = parse(self.text)
        return vars(self) | {
            "host": value.host if value else None,
            "pid": value.pid if value else None,
            "since": value.taken_at.isoformat() if value else None,
        }

    def sentence(self) -> str:
        """One line for a person."""
        value = parse(self.text)
        if value is None:
            return f"{self.label}: {self.text!r} ({self.known})"
        since = f"{value.taken_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.label}: {value.host}, process {value.pid}, since {since} ({self.known})"


@dataclass(frozen=True)
class Example:
    """A row that shows an error: its name, its page, when it was edited last (Notion's text)."""

    label: str
    page_url: str
    edited: str


@dataclass(frozen=True)
class MissingFiles:
    """Rows that name files in this machine's own folders which are not there.

    `absent` are such folders that are not there themselves, so that nothing can be said of them.
    """

    rows: int = 0
    examples: Sequence[str] = ()
    absent: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class LibraryCounts:
    """The numbers of one listing of all rows; `counts` has the original's `status` names."""

    counts: Mapping[str, int]
    states: Mapping[str, int]
    waiting: Mapping[str, int]
    errors: Mapping[str, int]
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    locks: Sequence[LockSeen] = ()
    taken_at: str = ""


def state_of(track: Track) -> RowState:
    """The one state the row is in."""
    if track.is_duplicate:
        return RowState.DUPLICATE
    if track.downloaded:
        return RowState.COMPLETE if track.eagle_id else RowState.NO_EAGLE_ID
    if errors_of(track):
        return RowState.FAILED
    if track.has_paths:
        return RowState.FILES_ONLY
    if not (track.soundcloud_url or track.youtube_url):
        return RowState.NO_SOURCE
    return RowState.WAITING


def count_rows(
    tracks: Iterable[Track],
    edited: Mapping[str, str],
    now: datetime,
    timeout: timedelta,
    own: OwnLocks,
) -> LibraryCounts:
    """The numbers of `tracks`; `edited` has each row's last_edited_time, `now` is Notion's."""
    counts: Counter[str] = Counter()
    states: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    failed: defaultdict[str, list[Example]] = defaultdict(list)
    locks = []
    for track in tracks:
        last = edited.get(track.page_id, "")
        counts.update(name for name, holds in _facts(track).items() if holds)
        states[state_of(track).value] += 1
        waiting.update(f.value for f in TrackFilter if wants(track, f))
        for error in errors_of(track):
            failed[error].append(Example(track.label, track.page_url, last))
        if track.lock:
            seen = standing(track.lock, now=now, timeout=timeout, last_edited=last, own=own)
            locks.append(
                LockSeen(track.label, track.lock, seen.is_stale, seen.known, track.page_url)
            )
    live_locks = sum(not lock.is_stale for lock in locks)
    by_number = sorted(failed, key=lambda name: -len(failed[name]))
    return LibraryCounts(
        counts={name: counts[name] for name in _facts(Track(page_id=""))}
        | {"currently_locked": live_locks, "stale_locks": len(locks) - live_locks},
        states={state.value: states[state.value] for state in RowState},
        waiting={f.value: waiting[f.value] for f in TrackFilter},
        errors={name: len(failed[name]) for name in by_number},
        examples={name: _newest(failed[name]) for name in by_number},
        locks=locks,
        taken_at=now.isoformat(timespec="seconds"),
    )


def missing_files(tracks: Iterable[Track], roots: Iterable[Path]) -> MissingFiles:
    """Rows with a path below one of `roots` (this machine's folders) where no file is."""
    known = [root.expanduser().absolute() for root in roots]
    there = [str(root) + "/" for root in known if root.is_dir()]
    absent = [str(root) for root in known if not root.is_dir()]
    gone = [
        track.label
        for track in tracks
        if any(_is_missing(path, there) for path in (track.wav_path, track.aiff_path))
    ]
    return MissingFiles(len(gone), gone[:_EXAMPLES], absent)


def _is_missing(path: str, roots: Sequence[str]) -> bool:
    return path.startswith(tuple(roots)) and not Path(path).is_file()


def _newest(examples: list[Example]) -> list[Example]:
    return sorted(examples, key=lambda example: example.edited, reverse=True)[:_EXAMPLES]


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
