"""Copies in the folders of playlists that their rows have left: named, and removed only if wanted.

A copy is a row's if it has the row's name. A row of which not every playlist's name is known leaves
nothing. Removed is only what holds the very sound of the row's own file (PLAYLIST_COPIES_PRUNE=1).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from flows.rows.finished import known_paths
from flows.rows.playlists import UNASSIGNED, copy_paths
from flows.session.connections import Connections
from flows.session.run_state import RunState
from flows.settings import Settings
from tasks.audio.inspecting import pcm_hash
from tasks.errors import SyncError
from tasks.tracks import Track

_log = logging.getLogger("flows.selection")

_NAMED = 5


async def tell_leftovers(connections: Connections, state: RunState, rows: Sequence[Track]) -> None:
    """Say which copies of finished `rows` are left over, once; remove them where that is wanted."""
    settings = connections.settings
    left = await asyncio.to_thread(left_copies, settings, rows)
    if settings.playlist_copies_prune and not settings.dry_run:
        left = {
            file: row for file, row in left.items() if not await _pruned(connections, file, row)
        }
    if left:
        some = "; ".join(f"{file.parent.name}/{file.name}" for file in list(left)[:_NAMED])
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        state.warn(
            f"{len(left)} copies lie in playlists that their rows have left: {some}{more}. "
            "PLAYLIST_COPIES_PRUNE=1 removes them."
        )


def left_copies(settings: Settings, rows: Iterable[Track]) -> Mapping[Path, Track]:
    """The files, each with the row it was made for; looks at the folders' names alone."""
    root = settings.playlist_tracks_dir
    if root is None or not root.is_dir():
        return {}
    whose: dict[str, Track] = {}
    wanted: set[Path] = set()
    for row in rows:
        for playlist in row.playlists or (UNASSIGNED,):
            wanted.update(copy_paths(settings, row, playlist))
        if len(row.playlists) >= len(row.playlist_ids):
            whose |= {path.name: row for path in copy_paths(settings, row, UNASSIGNED)}
    return {
        file: whose[file.name]
        for folder in sorted(root.iterdir())
        if folder.is_dir()
        for file in sorted(folder.iterdir())
        if file.name in whose and file not in wanted
    }


async def _pruned(connections: Connections, file: Path, row: Track) -> bool:
    """Whether the copy was removed: only if the row's own file holds the same sound."""
    match = connections.match(row)
    source = known_paths(connections, row, match).wav
    if source is None or Path(source) == file:
        return False
    return await asyncio.to_thread(_remove_equal, file, Path(source), row)


def _remove_equal(file: Path, source: Path, row: Track) -> bool:
    try:
        ours = pcm_hash(source)
        if ours is None or ours != pcm_hash(file):
            return False
        file.unlink()
    except (OSError, SyncError) as error:
        _log.warning("%s was not removed: %s", file, error)
        return False
    _log.info("   Removed: %s, a copy of a playlist that %s left", file, row.label)
    return True
