"""A row's playlists, reached: the copies of its WAV, its items' folders and tags in Eagle.

A playlist is a state, not a step done once: whatever the row says by now is made so, and what is so
already costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from flows.rows.playlists import chosen_playlists, tie_breaker
from flows.session.connections import Connections
from tasks.audio.inspecting import pcm_hash
from tasks.audio.names import file_stem
from tasks.audio.stage import place_in_playlists
from tasks.eagle.records import EagleItem, import_tags
from tasks.tracks import Track


async def in_eagle(connections: Connections, item: EagleItem, row: Track) -> EagleItem:
    """The item with the row's tags, in the folder of each chosen playlist. Raises EagleError."""
    eagle = connections.eagle
    assert eagle is not None
    tags = import_tags(row, ext=item.ext)
    for playlist in chosen_playlists(connections.settings, row):
        item = await eagle.adopt(item, tags=tags, playlist=playlist)
    return item


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
        tie_breaker=tie_breaker(row),
        may_link=is_ours,
    )
    return placed
