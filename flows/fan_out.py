"""Many tracks at once: a bounded number of subflows, their results, and the live progress.

More tracks are in claiming than in work, since a claim mostly waits (lock-protocol.md, "Claim"):
while one settles, others download. One bad track never stops the others.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from time import monotonic

from prefect.exceptions import TerminationSignal

from flows.artifacts import Progress
from flows.server_limits import OUT_OF_REACH, Outage
from flows.session import Session
from flows.sync_track import sync_one, sync_track
from flows.terminal import ProgressLine
from tasks.notion.budget import RequestBudget
from tasks.tracks import Track, TrackResult, TrackStatus

__all__ = ["process_tracks"]

_log = logging.getLogger("flows.progress")

# Twenty subflows that begin at once are more than a Prefect server on SQLite likes.
_APART = 0.05


async def process_tracks(
    session: Session,
    work: Sequence[Track],
    workers: int,
    *,
    on_result: Callable[[TrackResult], Awaitable[None]] | None = None,
) -> list[TrackResult]:
    """What became of each track of `work`, in the order they were finished; `on_result` is told
    of each as it comes, and again if a second attempt makes it another.

    Tracks that another process held are asked for once more at the end. When the session stops
    (another Eagle library is open, Notion refuses the token), the rest is not begun.
    """
    board = _Board(len(work), session.progress_line, on_result)
    session.allow(workers)
    await board.start()
    results = await _run_all(session, work, workers, board)
    locked = {r.page_id for r in results if r.status is TrackStatus.SKIPPED_LOCKED}
    if locked and not session.stopped_by:
        _log.info("Asking again for %d tracks that were locked", len(locked))
        board.take_back(TrackStatus.SKIPPED_LOCKED, len(locked))
        again = [track for track in work if track.page_id in locked]
        second = await _run_all(session, again, workers, board)
        results = [r for r in results if r.page_id not in locked] + second
    board.finish()
    return results


async def _run_all(
    session: Session, work: Sequence[Track], workers: int, board: _Board
) -> list[TrackResult]:
    waiting = deque(work)
    results: list[TrackResult] = []

    async def runner(place: int) -> None:
        await asyncio.sleep(_APART * place)
        while waiting and not session.stopped_by:
            track = waiting.popleft()
            board.begin(track)
            result = await _in_subflow(session, track, board.outage)
            results.append(result)
            await board.count(result)

    async with _ended_by_one_signal(), asyncio.TaskGroup() as group:
        number = min(len(work), workers + session.claims_ahead(workers))
        runners = [group.create_task(runner(place)) for place in range(number)]
        if runners:
            group.create_task(_spend_reserve_when_cancelled(session.notion.budget, runners))
    return results


@asynccontextmanager
async def _ended_by_one_signal() -> AsyncIterator[None]:
    """Cancelled in a worker, each track's subflow ends with Prefect's signal; so shall the run.

    Prefect does not see it in a group of errors, and would call the run crashed.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        if group.subgroup(TerminationSignal) is None:
            raise
        raise TerminationSignal(signal.SIGTERM) from group


async def _spend_reserve_when_cancelled(
    budget: RequestBudget, runners: Collection[asyncio.Task[None]]
) -> None:
    """The requests kept back are for freeing rows; only a task beside those that free them learns
    of a cancellation in time.
    """
    try:
        await asyncio.wait(runners)
    except asyncio.CancelledError:
        budget.spend_reserve()
        raise


async def _in_subflow(session: Session, track: Track, outage: Outage) -> TrackResult:
    """The track's subflow; its outcome is read from the session, whatever its state says.

    Should Prefect's server fail us, the track is worked on all the same, without its record.
    """
    session.candidates[track.page_id] = track
    if outage.lasts:
        return await sync_one(session, track.page_id, session.track_filter)
    try:
        state = await sync_track(
            page_id=track.page_id,
            label=track.label,
            filter=session.track_filter,
            return_state=True,
        )
    except OUT_OF_REACH as error:
        outage.begin()
        session.warn(f"The Prefect server failed; its record of this run has gaps. ({error})")
        ended, cancelled = "could not be recorded", False
        if track.page_id in session.candidates:
            return await sync_one(session, track.page_id, session.track_filter)
    else:
        ended = f"ended as {state.name}: {state.message}"
        cancelled = state.is_cancelled() or state.is_cancelling()
    outcome = session.results.pop(track.page_id, None)
    if outcome is not None:
        return outcome
    if cancelled:
        raise asyncio.CancelledError
    return TrackResult(
        page_id=track.page_id,
        title=track.title,
        artist=track.artist,
        status=TrackStatus.ERROR,
        error_message=f"The track's flow run {ended}",
        remedy="Run again; if it stays, run with --debug.",
        page_url=track.page_url,
    )


class _Board:
    """Counts of a run in progress, shown as log lines, one live line and an artifact."""

    def __init__(
        self,
        total: int,
        line: ProgressLine | None,
        on_result: Callable[[TrackResult], Awaitable[None]] | None,
    ) -> None:
        self._on_result = on_result
        self._total = total
        self._line = line
        self._counts: Counter[TrackStatus] = Counter()
        self._began = monotonic()
        self._begun = 0
        self.outage = Outage()
        self._artifact = Progress(self.outage)

    @property
    def _done(self) -> int:
        return self._counts.total()

    async def start(self) -> None:
        await self._artifact.start()

    def begin(self, track: Track) -> None:
        self._begun = min(self._begun + 1, self._total)
        name = f"{track.title or 'Untitled'} by {track.artist or 'Unknown'}"
        _log.info("[%d/%d] Processing: %s", self._begun, self._total, name)
        self._redraw()

    async def count(self, result: TrackResult) -> None:
        self._counts[result.status] += 1
        if result.error_message:
            said = f"{result.error_type}: {result.error_message}"
            _log.warning("%s: %s", _name(result), said)
        else:
            seconds = result.processing_time_seconds
            _log.info("   %s: %s (%.1fs)", result.status.value, _name(result), seconds)
        self._redraw()
        await self._artifact.show(self._done, self._total)
        if self._on_result is not None:
            await self._on_result(result)

    def take_back(self, status: TrackStatus, number: int) -> None:
        self._counts[status] -= number
        self._begun -= number

    def finish(self) -> None:
        if self._line is not None:
            self._line.clear()

    def _redraw(self) -> None:
        if self._line is not None:
            self._line.show(self._text())

    def _text(self) -> str:
        counts = ", ".join(f"{n} {s.value.replace('_', ' ')}" for s, n in self._counts.items() if n)
        elapsed = monotonic() - self._began
        eta = ""
        if self._done:
            left = elapsed / self._done * (self._total - self._done)
            eta = f" | about {_span(left)} left"
        return f"[{self._done}/{self._total}] {counts or 'starting'}{eta}"


def _name(result: TrackResult) -> str:
    return f"{result.artist} - {result.title}" if result.artist else result.title


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
