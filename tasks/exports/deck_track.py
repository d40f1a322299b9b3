"""A finished track as a player or a DJ's software wants it: what it is called, and where it lies.

Pure, but for `look_at`, which looks into the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.audio.chunks import layout_of
from tasks.errors import SyncError
from tasks.tracks import Track


@dataclass(frozen=True, kw_only=True)
class DeckTrack:
    """One file of the library and the row's words for it.

    `path` is the file on this machine, `size` in bytes, `sample_rate` in Hz (0: not known),
    `added` the day the row was made (`2026-11-25`). Texts are empty where the row says nothing.
    """

    page_id: str
    path: Path
    title: str
    artist: str = ""
    album: str = ""
    genre: str = ""
    bpm: float | None = None
    key: str = ""
    seconds: float = 0.0
    size: int = 0
    sample_rate: int = 0
    added: str = ""


@dataclass(frozen=True, kw_only=True)
class DeckPlaylist:
    """A playlist and its tracks, in its order."""

    name: str
    tracks: tuple[DeckTrack, ...]


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What a file says of itself; `modified`, in nanoseconds, tells whether it changed."""

    size: int
    modified: int
    seconds: float
    sample_rate: int


def look_at(path: Path, known: FileFacts | None = None) -> FileFacts | None:
    """The file's facts, `known` if it is unchanged; None if it is gone or is no WAV or AIFF."""
    try:
        found = path.stat()
        if known is not None and (known.size, known.modified) == (found.st_size, found.st_mtime_ns):
            return known
        layout = layout_of(path)
    except (OSError, SyncError):
        return None
    if layout is None:
        return None
    return FileFacts(
        size=found.st_size,
        modified=found.st_mtime_ns,
        seconds=layout.seconds,
        sample_rate=layout.pcm.sample_rate,
    )


def deck_track(row: Track, path: Path, facts: FileFacts) -> DeckTrack:
    """A finished row and its file."""
    return DeckTrack(
        page_id=row.page_id,
        path=path,
        title=row.title or path.stem,
        artist=row.artist,
        album=row.album,
        genre=row.genre,
        bpm=row.bpm,
        key=row.key,
        seconds=facts.seconds,
        size=facts.size,
        sample_rate=facts.sample_rate,
        added=row.created_time[:10],
    )
