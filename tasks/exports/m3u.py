"""A playlist as extended M3U in UTF-8 (`.m3u8`), with paths relative to the playlist's folder.

A line `#EXTINF:seconds,Artist - Title` stands before each path. Paths have forward slashes, which
players take on every system. Pure.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tasks.exports.deck_track import DeckPlaylist, DeckTrack

MARK = "#LIBRARY-SYNC:"
"""The line by which a file is known to be ours; players pass over it."""

_LINE_ENDS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


def playlist_text(playlist: DeckPlaylist, folder: Path) -> str:
    """The text of a playlist file that lies in `folder`."""
    lines = ["#EXTM3U", f"{MARK}replaced when the playlist changes"]
    lines.append(f"#PLAYLIST:{_one_line(playlist.name)}")
    for track in playlist.tracks:
        lines += [f"#EXTINF:{round(track.seconds)},{_label(track)}", _relative(track.path, folder)]
    return "\n".join(lines) + "\n"


def _label(track: DeckTrack) -> str:
    return _one_line(f"{track.artist} - {track.title}" if track.artist else track.title)


def _relative(path: Path, folder: Path) -> str:
    """The way from `folder` to `path`; the whole path where they share no disk."""
    try:
        way = os.path.relpath(path, folder)
    except ValueError:  # another drive, on Windows
        return path.absolute().as_posix()
    plain = Path(way).as_posix()
    return f"./{plain}" if plain.startswith("#") else plain  # a line with # is a remark


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text).strip()
