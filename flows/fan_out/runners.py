"""Many tracks at once: a bounded number of subflows, their results, and the live progress.

More tracks are in claiming than in work, since a claim mostly waits (docs/lock.md, "Claiming"):
while one settles, others download. One bad track never stops the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from prefect import tags
from prefect.context import SettingsContext, get_settings_context

from flows.fan_out.subflows import ended_together
from flows.fan_out.work_list import Waiting
from flows.prefect_server.fewer_requests import fewer_requests
from flows.prefect_server.outage import OUT_OF_REACH, Outage
from flows.prefect_server.patches import send_fewer_events
from flows.progress.board import Board
from flows.session.gates import Gates, claims_ahead
from flows.session.opening import Run
from flows.sync_track import TRACK_TAG, Turn, current_turn, sync_one, sync_track
from tasks.errors import ServiceAway
from tasks.notion.budget import RequestBudget
from tasks.shown_text import counted, shown
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.progress")

# Twenty subflows that begin at once are more than a Prefect server on SQLite likes.
_APART = 0.05
_LONG_STAGES = frozenset({"fetch-recording"})


async def process_tracks(
    run: Run,
    work: Sequence[Track],
    workers: int,
    *,
    on_result: Callable[[TrackResult], Awaitable[None]] | None = None,
) -> list[TrackResult]:
    """What became of each track of `work`, in the order they were finished; `on_result` gets
    each as it comes, and again if a second attempt makes it another.

    Tracks that another process held are asked for once more at the end. When the run stops
    (another Eagle library is open, Notion refuses the token), the rest is not begun.
    """
    run = replace(run, gates=Gates.of(workers, run.connections.notion.budget.per_minute))
    run.state.work = work
    display, transfers = run.state.display, run.state.transfers
    board = Board(len(work), display, transfers, on_result, pause=lambda: run.pauses.text)
    with _lean_track_runs():
        async with board.shown():
            return await _run_twice(run, work, workers, board)


@contextmanager
def _lean_track_runs() -> Iterator[None]:
    """A track's flow run leaves little on the server: no heartbeat, which its run has, no line for
    each task that ended, few events and requests. Its tag lets lists leave it out.

    Prefect's `temporary_settings` would read every setting again, which takes 0.2 s.
    """
    send_fewer_events(_LONG_STAGES)
    logging.getLogger("prefect.task_runs").setLevel(logging.WARNING)
    context = get_settings_context()
    flows = context.settings.flows.model_copy(update={"heartbeat_frequency": None})
    settings = context.settings.model_copy(update={"flows": flows})
    lean = SettingsContext(profile=context.profile, settings=settings)
    with lean, tags(TRACK_TAG), fewer_requests():
        yield


async def _run_twice(
    run: Run, work: Sequence[Track], workers: int, board: Board
) -> list[TrackResult]:
    results = await _run_all(run, work, workers, board)
    locked = {r.page_id for r in results if r.status is TrackStatus.SKIPPED_LOCKED}
    if locked and not run.state.stopped_by:
        _log.info("Asking again for what was locked: %s", counted(len(locked), "track"))
        board.take_back(TrackStatus.SKIPPED_LOCKED, len(locked))
        again = [track for track in work if track.page_id in locked]
        second = await _run_all(run, again, workers, board)
        results = [r for r in results if r.page_id not in locked] + second
    return results


async def _run_all(
    run: Run, work: Sequence[Track], workers: int, board: Board
) -> list[TrackResult]:
    waiting = Waiting(run, work)
    results: list[TrackResult] = []

    async def runner(place: int) -> None:
        await asyncio.sleep(_APART * place)
        while await _may_begin(run) and (track := await waiting.next()):
            board.begin(track)
            result = await _in_subflow(Turn(run, track), board.outage)
            waiting.note(result)
            results.append(result)
            run.state.finished[result.page_id] = result
            await board.count(result)

    locks, budget = run.connections.locks, run.connections.notion.budget
    async with ended_together(locks.clock), asyncio.TaskGroup() as group:
        number = min(len(work), workers + claims_ahead(locks, budget, workers))
        runners = [group.create_task(runner(place)) for place in range(number)]
        if runners:
            group.create_task(_spend_reserve_when_cancelled(budget, runners))
    for result in waiting.done_elsewhere:
        await board.count(result)
    return results + waiting.done_elsewhere


async def _may_begin(run: Run) -> bool:
    """Whether another track may begin, once no service is away."""
    try:
        await run.pauses.clear()
    except ServiceAway as error:
        run.state.stop(error)
    return run.state.stopped_by is None


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


async def _in_subflow(turn: Turn, outage: Outage) -> TrackResult:
    """The track's subflow; its outcome is read from its turn, whatever its state says.

    Should Prefect's server fail us, the track is worked on all the same, without its record.
    """
    track, state = turn.track, turn.run.state
    if outage.lasts:
        return await sync_one(turn, state.track_filter)
    current_turn.set(turn)
    try:
        ended = await sync_track(
            page_id=track.page_id,
            label=shown(track.label),
            filter=state.track_filter,
            return_state=True,
        )
    except OUT_OF_REACH as error:
        outage.begin(error)
        _log.debug("The Prefect server did not record %s", track.label, exc_info=error)
        state.warn("The Prefect server failed; its record of this run has gaps.")
        if not turn.has_begun:
            return await sync_one(turn, state.track_filter)
        return turn.result or _without_result(track, "could not be recorded")
    if turn.result is not None:
        return turn.result
    if ended.is_cancelled() or ended.is_cancelling():
        raise asyncio.CancelledError
    return _without_result(track, f"ended as {ended.name}: {ended.message}")


def _without_result(track: Track, ended: str) -> TrackResult:
    return TrackResult.of(
        track,
        TrackStatus.ERROR,
        error_message=f"The track's flow run {ended}",
        remedy="Run again; if it stays, run with --debug.",
    )
