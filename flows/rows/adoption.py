"""Finished rows that lack something: an id, a path, a copy; side by side, without a subflow.

What is written follows from the index and the disk alone, so it takes no lock: two machines would
write the same, nothing is imported, and whatever stands in the lock property stays (docs/lock.md,
"What needs no lock"). Labels are merged with the row as it is read right before; where nothing but
ids and paths is written, the answer shows whether the row is still the one that was listed.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from flows.rows.finished import Adoption, known_paths, lost_copies, missing_values
from flows.rows.proving import prove
from flows.rows.reaching import in_eagle, place_copies
from flows.session.connections import Connections
from flows.session.opening import Run
from tasks.eagle.index import Match
from tasks.errors import LockError, RowChanged, SyncError
from tasks.facts import row_keys
from tasks.locks.hold import write_decided
from tasks.locks.ports import LockRow
from tasks.notion.properties import Field
from tasks.notion.rows import to_track
from tasks.notion.writes import property_values
from tasks.shown_text import counted
from tasks.side_by_side import side_by_side
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.adoption")

_AT_ONCE = 8
_SAID_EVERY = 100


async def adopt_rows(run: Run, adoptions: Sequence[Adoption]) -> list[TrackResult]:
    """Make the rows whole; what became of each, in the order they were finished.

    Interrupted, it simply goes on next time: a row that lacks nothing is no longer found.
    """
    waiting = deque(adoptions)
    results: list[TrackResult] = []

    async def worker() -> None:
        while waiting and not run.state.stopped_by:
            results.append(await _adopt(run, waiting.popleft()))
            if len(results) % _SAID_EVERY == 0:
                _log.info("   %d of %s completed", len(results), counted(len(adoptions), "row"))

    async with side_by_side() as group:
        for _ in range(min(_AT_ONCE, len(waiting))):
            group.create_task(worker())
    return results


async def _adopt(run: Run, adoption: Adoption) -> TrackResult:
    connections, reason = run.connections, adoption.reason
    try:
        await run.pauses.through(lambda: _complete(connections, adoption))
    except LockError as changed:
        return _result(connections, adoption, TrackStatus.SKIPPED_LOCKED, str(changed))
    except SyncError as error:
        if error.stops_run:
            run.state.stop(error)
        _log.warning("%s: %s", adoption.track.label, error)
        return _result(connections, adoption, TrackStatus.FAILED, reason, error)
    return _result(connections, adoption, TrackStatus.PROCESSED, reason)


async def _complete(connections: Connections, adoption: Adoption) -> None:
    track, match = adoption.track, adoption.match
    if connections.eagle is not None:
        track = await connections.playlists.of(track)
    values = missing_values(connections, track, match)
    if values:
        await _write(connections, track, match, values)
    await _reach_playlists(connections, track, match)


async def _write(
    connections: Connections, track: Track, match: Match, values: Mapping[Field, Any]
) -> None:
    """Write what the row lacks. Raises RowChanged, LockError, NotionError.

    Where no label is among it, what is written does not depend on the row, and its answer tells
    whether that is still the one that was listed.
    """
    schema = connections.schema
    decided: Mapping[str, Any] = property_values(schema, values)
    before: Mapping[str, Any] = {}

    async def decide(row: LockRow) -> Mapping[str, Any]:
        nonlocal before, decided
        now, before = to_track(row.page, schema), row.page
        _require_unchanged(connections, track, now)
        lacking = missing_values(connections, _named_as(now, track), match)
        decided = property_values(schema, lacking)
        return decided

    unseen = None if Field.STATUS in values else decided
    written = await write_decided(connections.locks, track.page_id, decide, unseen=unseen)
    if written is not None:
        same = partial(_require_unchanged, connections, track)
        await prove(connections, written, decided, before, same, track.label)


def _named_as(now: Track, track: Track) -> Track:
    """The row as it is now, with the names of its playlists where they are the same."""
    if now.playlist_ids != track.playlist_ids[: len(now.playlist_ids)] or now.playlists:
        return now
    return replace(now, playlist_ids=track.playlist_ids, playlists=track.playlists)


def _require_unchanged(connections: Connections, listed: Track, now: Track) -> None:
    """Raise RowChanged unless the row is finished, live, free, and about the same track."""
    hosts = connections.hosts
    same = row_keys(listed, hosts).addresses == row_keys(now, hosts).addresses
    if now.in_trash or now.is_duplicate or now.lock or not now.downloaded or not same:
        raise RowChanged(f"The row of {listed.label} was changed meanwhile; it is left alone.")


async def _reach_playlists(connections: Connections, track: Track, match: Match) -> None:
    """Eagle's folders and tags, and the copies, as the row's playlists say. Nothing for a row that
    says nothing new.
    """
    for item in (match.wav, match.aiff):
        if item is not None:
            await in_eagle(connections, item, track)
    source = known_paths(connections, track, match).wav
    if source and lost_copies(connections.settings, track):
        await place_copies(connections, track, Path(source))


def _result(
    connections: Connections,
    adoption: Adoption,
    status: TrackStatus,
    reason: str,
    error: SyncError | None = None,
) -> TrackResult:
    track, match = adoption.track, adoption.match
    return TrackResult.of(
        track,
        status,
        reason,
        error,
        file_paths=known_paths(connections, track, match),
        eagle_item_id=match.wav.id if match.wav else None,
        eagle_aiff_item_id=match.aiff.id if match.aiff else None,
    )
