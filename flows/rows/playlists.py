"""A row's playlists: which of them count, where its copies would be, what Eagle lacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.settings import Settings
from tasks.audio.names import file_stem, folder_name, with_suffix_id
from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem, import_tags
from tasks.tracks import Track

UNASSIGNED = "Unassigned"


def chosen_playlists(settings: Settings, row: Track) -> Sequence[str]:
    """The row's first playlist, or all of them (PLAYLIST_COPIES); `Unassigned` if it has none."""
    playlists = row.playlists or (UNASSIGNED,)
    return playlists if settings.copy_all_playlists else playlists[:1]


def lacks_in_eagle(settings: Settings, eagle: EagleLibrary, item: EagleItem, row: Track) -> bool:
    """True if `in_eagle` would change anything; asks nobody."""
    tags = import_tags(row, ext=item.ext)
    return any(eagle.lacks(item, tags, name) for name in chosen_playlists(settings, row))


def copy_paths(settings: Settings, row: Track, playlist: str) -> Sequence[Path]:
    """Where the row's copy of a playlist would be, by both names it may have."""
    root = settings.playlist_tracks_dir
    if root is None:
        return ()
    stem = file_stem(row.artist, row.title)
    folder = folder_name(playlist)
    names = dict.fromkeys((stem, with_suffix_id(stem, tie_breaker(row))))
    return [Path(root, folder, f"{name}.wav") for name in names]


def tie_breaker(row: Track) -> str:
    """What tells the row's copy from another of the same name."""
    return row.soundcloud_id or row.page_id[:8]
