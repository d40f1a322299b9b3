"""A finished track as a player or a DJ's software wants it: what it is called, and where it lies.

Pure, but for `deck_track`, which looks into the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.audio.inspecting import inspect
from tasks.errors import SyncError
from tasks.tracks import Track

__all__ = ["DeckPlaylist", "DeckTrack", "deck_track"]


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


def deck_track(track: Track, path: Path) -> DeckTrack | None:
    """The row and its file at `path`; None if the file is gone or is no audio."""
    try:
        size = path.stat().st_size
        facts = inspect(path)
    except (OSError, SyncError):
        return None
    return DeckTrack(
        page_id=track.page_id,
        path=path,
        title=track.title or path.stem,
        artist=track.artist,
        album=track.album,
        genre=track.genre,
        bpm=track.bpm,
        key=track.key,
        seconds=facts.seconds,
        size=size,
        sample_rate=facts.sample_rate,
        added=track.created_time[:10],
    )
