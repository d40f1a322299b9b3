"""The library's rows counted: by state, by filter, by error; locks, and files that are gone. Pure,
except for `missing_files`, which looks at the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from flows.reporting.frames import library_frame, number_of, numbers_by
from tasks.locks.standing import OwnLocks, Standing, standing
from tasks.notion.filters import wants
from tasks.notion.statuses import errors_of
from tasks.tracks import Track, TrackFilter

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
class LockedRow:
    """A row by its name and page address, and the lock on it."""

    label: str
    page_url: str
    lock: Standing

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"label": self.label, "page_url": self.page_url} | self.lock.to_dict()


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
    `moved` counts rows whose path leads nowhere while their file lies in one of the folders.
    """

    rows: int = 0
    examples: Sequence[str] = ()
    absent: Sequence[str] = ()
    moved: int = 0


@dataclass(frozen=True, kw_only=True)
class LibraryCounts:
    """The numbers of one listing of all rows; `counts` has the earlier script's names.

    `playlists` and `months` count the rows that are done: by playlist, the largest first, and by
    the month in which they came into Notion.
    """

    counts: Mapping[str, int]
    states: Mapping[str, int]
    waiting: Mapping[str, int]
    errors: Mapping[str, int]
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)
    playlists: Mapping[str, int] = field(default_factory=dict)
    months: Mapping[str, int] = field(default_factory=dict)
    locks: Sequence[LockedRow] = ()
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
    now: datetime,
    timeout: timedelta,
    own: OwnLocks,
) -> LibraryCounts:
    """The numbers of `tracks`; `now` is Notion's time."""
    tracks = list(tracks)
    frame = library_frame(_known(track) for track in tracks)

    def locked(track: Track) -> LockedRow:
        last = track.last_edited
        lock = standing(track.lock, now=now, timeout=timeout, last_edited=last, own=own)
        return LockedRow(track.label, track.page_url, lock)

    locks = [locked(track) for track in tracks if track.lock]
    live = sum(not row.lock.is_stale for row in locks)
    states, errors = numbers_by(frame, "state"), numbers_by(frame, "errors")
    return LibraryCounts(
        counts={name: number_of(frame, name) for name in _facts(Track(page_id=""))}
        | {"currently_locked": live, "stale_locks": len(locks) - live},
        states={state.value: states.get(state.value, 0) for state in RowState},
        waiting={f.value: number_of(frame, f.value) for f in TrackFilter},
        errors=errors,
        examples={name: _newest(name, tracks) for name in errors},
        playlists=numbers_by(frame, "playlists"),
        months=dict(sorted(numbers_by(frame, "month").items())),
        locks=locks,
        taken_at=now.isoformat(timespec="seconds"),
    )


def _known(track: Track) -> dict[str, Any]:
    """What is counted of a row. Its month is that in which it came into Notion, if it is done."""
    filters = {f.value: wants(track, f) for f in TrackFilter}
    return (
        _facts(track)
        | filters
        | {
            "state": state_of(track).value,
            "errors": list(errors_of(track)),
            "playlists": list(track.playlists) if track.downloaded else [],
            "month": track.created_time[:7] if track.downloaded else "",
        }
    )


def missing_files(tracks: Iterable[Track], roots: Iterable[Path]) -> MissingFiles:
    """Rows with a path below one of `roots` (this machine's folders) where no file is."""
    known = [root.expanduser().absolute() for root in roots]
    there = [str(root) + "/" for root in known if root.is_dir()]
    absent = [str(root) for root in known if not root.is_dir()]
    gone: list[str] = []
    moved = 0
    for track in tracks:
        paths = [path for path in (track.wav_path, track.aiff_path) if path]
        if any(_is_missing(path, there) for path in paths):
            gone.append(track.label)
        moved += any(_has_moved(path, there) for path in paths)
    return MissingFiles(len(gone), gone[:_EXAMPLES], absent, moved)


def _is_missing(path: str, roots: Sequence[str]) -> bool:
    return path.startswith(tuple(roots)) and not Path(path).is_file()


def _has_moved(path: str, roots: Sequence[str]) -> bool:
    """True if no file is there, and one of its folder and name lies in one of our folders."""
    file = Path(path)
    if path.startswith(tuple(roots)) or file.is_file():
        return False
    tails = [Path(*file.parts[-number:]) for number in _TAILS if len(file.parts) > number]
    return any((Path(root) / tail).is_file() for root in roots for tail in tails)


_TAILS = (2, 3)
"""A playlist's folder and the file; Eagle's `images`, the item's folder and the file."""


def _newest(error: str, tracks: Iterable[Track]) -> list[Example]:
    examples = [
        Example(track.label, track.page_url, track.last_edited)
        for track in tracks
        if error in errors_of(track)
    ]
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
