"""The rows that wait for their turn, and what became of them elsewhere meanwhile.

To ask for a row that another machine has done or holds costs a request and a subflow. Once that
happened as often as a new listing costs requests, all that wait are compared with a new listing:
what is done goes, what is held comes last. A machine alone seldom lists again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from flows.rows.filtering import own_rows_first, wanted_rows
from flows.session.opening import Run
from tasks.errors import NotionError
from tasks.locks.order import machines_in
from tasks.tracks import Track, TrackFilter, TrackResult, TrackStatus

_log = logging.getLogger("flows.progress")

_ROWS_A_REQUEST = 100
_AT_LEAST = 3
_IN_VAIN = {TrackStatus.SKIPPED_LOCKED, TrackStatus.SKIPPED_ALREADY_DONE}


class Waiting:
    """The tracks of `work` in their order, each handed out once.

    `done_elsewhere` are the results of those that a new listing no longer had.
    """

    def __init__(self, run: Run, work: Sequence[Track]) -> None:
        listed = run.state.listed
        self.done_elsewhere: list[TrackResult] = []
        self._run = run
        self._rows = deque(work)
        self._asked_in_vain = 0
        self._turn = asyncio.Lock()
        # With `all`, a row that is done is still listed: the list would show nothing new.
        self._can_learn = bool(listed) and run.state.track_filter is not TrackFilter.ALL
        self._cost = max(_AT_LEAST, -(-listed // _ROWS_A_REQUEST))

    async def next(self) -> Track | None:
        """The next track to ask for; None once all are handed out."""
        async with self._turn:
            if self._can_learn and self._rows and self._asked_in_vain >= self._cost:
                await self._list_again()
            return self._rows.popleft() if self._rows else None

    def note(self, result: TrackResult) -> None:
        """What became of a track that was handed out."""
        self._asked_in_vain += result.status in _IN_VAIN

    async def _list_again(self) -> None:
        self._asked_in_vain = 0
        try:
            rows = wanted_rows(self._run.connections, self._run.state.track_filter)
            locks = {track.page_id: track.lock async for track in rows}
        except NotionError as error:
            _log.debug("The rows could not be listed again: %s", error)
            return
        gone = [track for track in self._rows if track.page_id not in locks]
        left = [track for track in self._rows if track.page_id in locks]
        self._run.state.machines = machines_in(locks.values())
        left = own_rows_first(self._run.connections.locks, self._run.state.machines, left)
        self._rows = deque(sorted(left, key=lambda track: bool(locks[track.page_id])))
        _log.info("   Listed again: %d of %d need no work any more", len(gone), len(gone + left))
        status = TrackStatus.SKIPPED_ALREADY_DONE
        self.done_elsewhere += [TrackResult.of(track, status, "done meanwhile") for track in gone]
