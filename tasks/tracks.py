"""The words everything else is written in: a track, its state, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tasks.errors import ErrorType, SyncError


class TrackFilter(StrEnum):
    """Which rows a run is about."""

    UNPROCESSED = "unprocessed"
    ALL = "all"
    MISSING_EAGLE = "missing_eagle"

    @property
    def meaning(self) -> str:
        """One line for a person, as printed in the README's table."""
        return _FILTER_MEANINGS[self]


_FILTER_MEANINGS = {
    TrackFilter.UNPROCESSED: "Tracks with DL=False and no file paths (default)",
    TrackFilter.ALL: "All tracks with SoundCloud URLs regardless of status",
    TrackFilter.MISSING_EAGLE: "Downloaded tracks (DL=True) missing Eagle File ID",
}


class TrackStatus(StrEnum):
    """What became of a track in a run; the same values in all modes."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    PROCESSED = "processed"
    FAILED = "failed"
    SKIPPED_LOCKED = "skipped_locked"
    SKIPPED_DUPLICATE = "skipped_duplicate"
    SKIPPED_ALREADY_DONE = "skipped_already_done"
    SKIPPED_NO_SOURCE = "skipped_no_source"
    SKIPPED_NOT_DUE = "skipped_not_due"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Track:
    """One row of the Music Tracks database, as Notion has it now.

    Texts are stripped; the sentinels `None` and `FILE_MISSING` read as empty. `playlists` holds
    names, in the row's order; until they are resolved, `playlist_ids` holds the related pages'
    ids. `is_duplicate` says that the row was redirected to another; `duplicate_of` is that one's
    address, where the database has room for it. `created_time` and `last_edited` are Notion's ISO
    text, to the minute.
    """

    page_id: str
    page_url: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    genres: tuple[str, ...] = ()
    soundcloud_url: str = ""
    spotify_url: str = ""
    youtube_url: str = ""
    spotify_id: str = ""
    soundcloud_id: str = ""
    downloaded: bool = False
    wav_path: str = ""
    aiff_path: str = ""
    m4a_path: str = ""
    eagle_id: str = ""
    eagle_aiff_id: str = ""
    fingerprint: str = ""
    duration_seconds: float | None = None
    bpm: float | None = None
    key: str = ""
    lock: str = ""
    statuses: tuple[str, ...] = ()
    playlist_ids: tuple[str, ...] = ()
    playlists: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_duplicate: bool = False
    duplicate_of: str = ""
    created_time: str = ""
    last_edited: str = ""
    in_trash: bool = False

    @property
    def label(self) -> str:
        """`Artist - Title`, the track's name in runs and logs; never empty."""
        return _label(self.artist, self.title, self.soundcloud_url)

    @property
    def byline(self) -> str:
        """`Title by Artist`, as a run lists what it works on."""
        return f"{self.title} by {self.artist or 'Unknown'}" if self.title else self.label

    @property
    def genre(self) -> str:
        """The genres as one text, as a file's tag has them."""
        return ", ".join(self.genres)

    @property
    def has_paths(self) -> bool:
        """True if the row names a WAV, AIFF or M4A file."""
        return bool(self.wav_path or self.aiff_path or self.m4a_path)


_UNTITLED = "Untitled"


def _label(artist: str, title: str, url: str) -> str:
    """`Artist - Title`; a row that names neither has its address."""
    address = "" if artist else url.partition("://")[2]
    title = title or address or _UNTITLED
    return f"{artist} - {title}" if artist else title


@dataclass(frozen=True, kw_only=True)
class FilePaths:
    """Where a track's files are, as this machine sees them; None where there is none."""

    wav: str | None = None
    aiff: str | None = None
    m4a: str | None = None
    playlist_wav: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrackResult:
    """What became of one track; the same in all modes."""

    page_id: str
    title: str = "Unknown"
    artist: str = "Unknown"
    status: TrackStatus = TrackStatus.PENDING
    file_paths: FilePaths = field(default_factory=FilePaths)
    eagle_item_id: str | None = None
    eagle_aiff_item_id: str | None = None
    duration_seconds: float | None = None
    bpm: float | None = None
    key: str | None = None
    fingerprint: str | None = None
    error_type: ErrorType | None = None
    error_message: str | None = None
    remedy: str | None = None
    dedupe_redirected: bool = False
    dedupe_keeper_id: str | None = None
    processing_time_seconds: float = 0.0
    page_url: str = ""
    source_url: str = ""
    action: str = ""

    @classmethod
    def of(
        cls,
        track: Track,
        status: TrackStatus,
        action: str = "",
        error: SyncError | None = None,
        **known: Any,
    ) -> TrackResult:
        """What became of `track`: the row's names and addresses, why, and what failed.

        `known` are further fields of the result, by name.
        """
        failure = {
            "error_type": error.error_type if error else None,
            "error_message": str(error) if error else None,
            "remedy": error.remedy if error else None,
        }
        return cls(
            page_id=track.page_id,
            title=track.title or _UNTITLED,
            artist=track.artist,
            status=status,
            action=action,
            page_url=track.page_url,
            source_url=track.soundcloud_url,
            **failure | known,
        )

    @property
    def label(self) -> str:
        """`Artist - Title`, as the track's own label."""
        return _label(self.artist, "" if self.title == _UNTITLED else self.title, self.source_url)

    @property
    def is_success(self) -> bool:
        """True if the library now has the track because of this run."""
        return self.status is TrackStatus.PROCESSED

    @property
    def is_failure(self) -> bool:
        """True if it failed, for a reason that was foreseen or not."""
        return self.status in {TrackStatus.FAILED, TrackStatus.ERROR}

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values, the paths nested under `file_paths`."""
        plain: dict[str, Any] = dict(vars(self))
        plain["status"] = self.status.value
        plain["error_type"] = self.error_type.value if self.error_type else None
        plain["file_paths"] = dict(vars(self.file_paths))
        return plain
