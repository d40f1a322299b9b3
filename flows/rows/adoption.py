"""Rows that only lack Eagle's id: one request each, side by side, without a subflow.

The repair of thousands of finished rows (issue "One track, one item") writes an id that follows
from the index alone, so it takes no lock: two machines would write the same, nothing is imported,
and whatever stands in the lock property stays (docs/lock.md, "What needs no lock").
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.session.connections import Connections
from flows.session.opening import Run
from tasks.eagle.index import Match
from tasks.errors import SyncError
from tasks.locks.written import require_shown
from tasks.notion.schema import Field
from tasks.notion.statuses import COMPLETE, status_value
from tasks.notion.writes import property_values
from tasks.retrying import PATIENT, retrying
from tasks.tracks import FilePaths, Track, TrackResult, TrackStatus

__all__ = ["Adoption", "adopt_rows", "is_only_an_id"]

_log = logging.getLogger("flows.adoption")

_AT_ONCE = 8
_SAID_EVERY = 100


@dataclass(frozen=True)
class Adoption:
    """A finished row, and the items in Eagle that are its recording."""

    track: Track
    match: Match
    reason: str


def is_only_an_id(track: Track, match: Match | None) -> bool:
    """True if the row is finished, nobody works on it, and Eagle's WAV is known."""
    return bool(track.downloaded and not track.lock and match and match.wav)


async def adopt_rows(run: Run, adoptions: Sequence[Adoption]) -> list[TrackResult]:
    """Write Eagle's ids into the rows; what became of each, in the order they were finished.

    Interrupted, it simply goes on next time: a row that has its id is no longer found.
    """
    waiting = deque(adoptions)
    results: list[TrackResult] = []

    async def worker() -> None:
        while waiting and not run.state.stopped_by:
            results.append(await _adopt(run, waiting.popleft()))
            if len(results) % _SAID_EVERY == 0:
                _log.info("   %d of %d ids written", len(results), len(adoptions))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_AT_ONCE, len(waiting))):
            group.create_task(worker())
    return results


async def _adopt(run: Run, adoption: Adoption) -> TrackResult:
    connections = run.connections
    track, match = adoption.track, adoption.match
    paths = _paths(connections, match)
    written = property_values(connections.schema, _values(connections, track, match, paths))
    try:
        write = _call(connections.notion.update_page, track.page_id, written)
        page = await run.pauses.through(lambda: retrying(write, PATIENT))
        require_shown(page, written, track.label)
    except SyncError as error:
        if error.stops_run:
            run.state.stop(error)
        _log.warning("%s: %s", track.label, error)
        return _result(adoption, TrackStatus.FAILED, paths, error)
    return _result(adoption, TrackStatus.PROCESSED, paths)


def _call(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _values(
    connections: Connections, track: Track, match: Match, paths: FilePaths
) -> Mapping[Field, Any]:
    """What the row lacks; texts that stand there stay."""
    assert match.wav is not None
    aiff = match.aiff.id if match.aiff else None
    return {
        Field.EAGLE_ID: match.wav.id,
        Field.EAGLE_AIFF_ID: aiff,
        Field.WAV_PATH: None if track.wav_path else paths.wav,
        Field.AIFF_PATH: None if track.aiff_path else paths.aiff,
        Field.STATUS: status_value(connections.schema, track.statuses, COMPLETE),
    }


def _paths(connections: Connections, match: Match) -> FilePaths:
    assert connections.eagle is not None
    wav = connections.eagle.file_path(match.wav) if match.wav else None
    aiff = connections.eagle.file_path(match.aiff) if match.aiff else None
    return FilePaths(wav=str(wav) if wav else None, aiff=str(aiff) if aiff else None)


def _result(
    adoption: Adoption, status: TrackStatus, paths: FilePaths, error: SyncError | None = None
) -> TrackResult:
    track, match = adoption.track, adoption.match
    return TrackResult.of(
        track,
        status,
        adoption.reason,
        error,
        file_paths=paths,
        eagle_item_id=match.wav.id if match.wav else None,
        eagle_aiff_item_id=match.aiff.id if match.aiff else None,
    )
