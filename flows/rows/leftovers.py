"""What is left of playlists that rows have left: named, and taken away only if wanted.

A copy is a row's if it has the row's name. An item of Eagle's belongs into those folders below
`Playlists/` that its rows name, and has their tags. A row of which not every playlist's name is
known leaves nothing. Removed is a copy only if it holds the very sound of the row's own file
(PLAYLIST_COPIES_PRUNE=1); no item ever is, it only leaves the folder.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from flows.rows.finished import known_paths
from flows.rows.playlists import UNASSIGNED, copy_paths
from flows.session.connections import Connections
from flows.session.run_state import RunState
from flows.settings import Settings
from tasks.audio.inspecting import pcm_hash
from tasks.eagle.index import Match
from tasks.eagle.records import EagleItem
from tasks.errors import SyncError
from tasks.tracks import Track

_log = logging.getLogger("flows.selection")

MatchedRow: TypeAlias = tuple[Track, Match | None]
"""A row and Eagle's items of it."""

_NAMED = 5


async def tell_leftovers(
    connections: Connections, state: RunState, matched: Sequence[MatchedRow]
) -> bool:
    """Say what finished rows have left behind, once; take it away where that is wanted.

    True if items were, or may have been: then what `matched` says of them is old.
    """
    settings = connections.settings
    copies = await asyncio.to_thread(left_copies, settings, [row for row, _ in matched])
    items = found = list(left_items(connections, matched))
    state.playlists_left = bool(copies or items)
    if settings.playlist_copies_prune and not settings.dry_run:
        copies = {
            file: row for file, row in copies.items() if not await _pruned(connections, file, row)
        }
        items = [left for left in items if not await _taken_out(connections, *left)]
    _say(state, settings, "Copies", [f"{file.parent.name}/{file.name}" for file in copies])
    _say(
        state, settings, "Eagle's items", [f"{name}/{item.name}.{item.ext}" for item, name in items]
    )
    return settings.playlist_copies_prune and bool(found)


def _say(state: RunState, settings: Settings, what: str, left: Sequence[str]) -> None:
    if not left:
        return
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    named = f"{what} in playlists that their rows have left: {'; '.join(left[:_NAMED])}{more}."
    if not settings.playlist_copies_prune:
        state.warn(f"{named} PLAYLIST_COPIES_PRUNE=1 takes them out.")
    elif settings.dry_run:
        state.warn(f"{named} They would be taken out.")
    else:
        state.warn(f"{named} They stay: another sound, or a refusal; the log says which.")


def left_items(
    connections: Connections, matched: Iterable[MatchedRow]
) -> Iterator[tuple[EagleItem, str]]:
    """Items in the folders of playlists that none of their rows names, with the playlist."""
    eagle = connections.eagle
    if eagle is None:
        return
    items: dict[str, EagleItem] = {}
    wanted: dict[str, set[str]] = defaultdict(set)
    unknown: set[str] = set()
    for row, match in matched:
        for item in filter(None, (match.wav, match.aiff) if match else ()):
            items[item.id] = item
            wanted[item.id].update(row.playlists or (UNASSIGNED,))
            if len(row.playlists) < len(row.playlist_ids):
                unknown.add(item.id)
    for item_id, item in items.items():
        if item_id not in unknown:
            for name in eagle.left_by(item, wanted[item_id]):
                yield item, name


async def _taken_out(connections: Connections, item: EagleItem, playlist: str) -> bool:
    """Whether the item left the playlist's folder."""
    assert connections.eagle is not None
    try:
        after = await connections.eagle.leave(item, playlist)
    except SyncError as error:
        _log.warning("%s did not leave Playlists/%s: %s", item.name, playlist, error)
        return False
    if playlist in connections.eagle.left_by(after, ()):
        _log.warning("%s stays in Playlists/%s: this Eagle cannot move it", item.name, playlist)
        return False
    _log.info("   Taken out of Playlists/%s: %s.%s", playlist, item.name, item.ext)
    return True


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
