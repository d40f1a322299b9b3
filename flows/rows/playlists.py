"""A row's playlists, reached: the copies of its WAV, its items' folders and tags in Eagle.

A playlist is a state, not a step done once: whatever the row says by now is made so, and what is so
already costs nothing. Copies of playlists that the row left are listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from flows.session.connections import Connections
from flows.settings import Settings
from tasks.audio.inspecting import pcm_hash
from tasks.audio.names import file_stem, folder_name, with_suffix_id
from tasks.audio.stage import place_in_playlists
from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem
from tasks.eagle.stage import adopt_item
from tasks.eagle.tags import import_tags
from tasks.tracks import Track

UNASSIGNED = "Unassigned"


def chosen_playlists(settings: Settings, row: Track) -> Sequence[str]:
    """The row's first playlist, or all of them (PLAYLIST_COPIES); `Unassigned` if it has none."""
    playlists = row.playlists or (UNASSIGNED,)
    return playlists if settings.copy_all_playlists else playlists[:1]


async def in_eagle(connections: Connections, item: EagleItem, row: Track) -> EagleItem:
    """The item with the row's tags, in the folder of each chosen playlist. Raises EagleError."""
    eagle = connections.eagle
    assert eagle is not None
    for playlist in chosen_playlists(connections.settings, row):
        item = await adopt_item(eagle, item, row, playlist)
    return item


def lacks_in_eagle(settings: Settings, eagle: EagleLibrary, item: EagleItem, row: Track) -> bool:
    """True if `in_eagle` would change anything; asks nobody."""
    tags = import_tags(row, ext=item.ext)
    return any(eagle.lacks(item, tags, name) for name in chosen_playlists(settings, row))


async def place_copies(
    connections: Connections,
    row: Track,
    wav: Path,
    pcm_sha256: str | None = None,
    *,
    is_ours: bool = False,
) -> Sequence[Path]:
    """Where the copies of `wav` are, made if need be; nowhere without PLAYLIST_TRACKS_DIR.

    Its hash is computed where it is not known. A file that `is_ours` may be linked; one that is
    Eagle's or the user's is copied, since DJ software writes its tags in place. Raises FileError.
    """
    root = connections.settings.playlist_tracks_dir
    if root is None:
        return ()
    if pcm_sha256 is None:
        pcm_sha256 = await asyncio.to_thread(pcm_hash, wav)
    chosen = chosen_playlists(connections.settings, row)
    return await place(row, wav, root, chosen, pcm_sha256 or "", is_ours=is_ours)


async def place(
    row: Track,
    file: Path,
    root: Path,
    playlists: Sequence[str],
    pcm_sha256: str,
    *,
    is_ours: bool,
) -> Sequence[Path]:
    """The file in the folder of each playlist under `root`. Raises FileError."""
    placed: Sequence[Path] = await place_in_playlists(
        file,
        root,
        playlists,
        file_stem(row.artist, row.title),
        pcm_sha256=pcm_sha256,
        tie_breaker=_tie_breaker(row),
        may_link=is_ours,
    )
    return placed


def copy_paths(settings: Settings, row: Track, playlist: str) -> Sequence[Path]:
    """Where the row's copy of a playlist would be, by both names it may have."""
    root = settings.playlist_tracks_dir
    if root is None:
        return ()
    stem = file_stem(row.artist, row.title)
    folder = root / folder_name(playlist)
    names = dict.fromkeys((stem, with_suffix_id(stem, _tie_breaker(row))))
    return [folder / f"{name}.wav" for name in names]


def _tie_breaker(row: Track) -> str:
    return row.soundcloud_id or row.page_id[:8]
