"""A run's work in shares for other machines: handed out, waited for, added up.

The parent decides what needs work; each share is a run of the deployment `sync-share` on the pool.
The rows' locks stay the only truth: a share that was lost costs nothing but time.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from flows.fan_out.runners import process_tracks
from flows.fan_out.share_log import read_results
from flows.prefect_server.limits import has_server
from flows.prefect_server.objects import WORK_POOL
from flows.prefect_server.worker_run import RUN_VARIABLE
from flows.session.opening import Run
from tasks.errors import ConfigurationError, ShareLost
from tasks.shown_text import counted
from tasks.side_by_side import side_by_side
from tasks.tracks import Track, TrackResult, TrackStatus

_log = logging.getLogger("flows.distribution")

_DEPLOYMENT = "sync-share/sync-share"
_POLL_SECONDS = 3.0
_PATIENCE_SECONDS = 120.0
_UNREACHABLE_SECONDS = 600.0
_ONLINE = "ONLINE"
_NOT_BEGUN = {StateType.SCHEDULED, StateType.PENDING}


@dataclass
class _Share:
    number: int
    tracks: Sequence[Track]
    run: UUID | None = None
    has_begun: bool = False
    is_here: bool = False
    results: list[TrackResult] = field(default_factory=list)

    @property
    def is_waiting(self) -> bool:
        """Handed out, and not begun by anybody."""
        return self.run is not None and not (self.has_begun or self.is_here or self.results)


async def require_pool() -> None:
    """Raises ConfigurationError unless shares can be handed out at all."""
    if not has_server():
        raise ConfigurationError(
            "--distribute needs a Prefect server that several machines share.",
            remedy="Set PREFECT_API_URL; docs/operating.md has the steps.",
        )
    async with get_client() as client:
        try:
            await client.read_deployment_by_name(_DEPLOYMENT)
        except ObjectNotFound:
            raise ConfigurationError(
                f"The Prefect server has no deployment {_DEPLOYMENT}.",
                remedy="Run `library-sync setup --server` and `library-sync deploy`.",
            ) from None


async def hand_out(
    run: Run, work: Sequence[Track], number: int, workers: int | None
) -> list[TrackResult]:
    """What became of each track, `work` split into `number` shares at most.

    We do a share ourselves where we hold a worker of the pool, or where there are fewer workers
    than shares, and then those that nobody has begun: nothing idles. Otherwise a share that nobody
    takes within two minutes is done here, and one that the server does not accept (its rows' locks
    make a late taker harmless). Tracks of a share that died are reported as not done, with the
    reason. When we are cancelled, so are the shares.
    """
    shares = [
        _Share(place + 1, work[place::number]) for place in range(number) if work[place::number]
    ]
    here = _Here(run, workers)
    async with get_client() as client:
        own = shares[:1] if await _works_itself(client, len(shares)) else []
        try:
            async with side_by_side() as group:
                for share in shares[len(own) :]:
                    group.create_task(_follow(client, run, share, here))
                if own:
                    group.create_task(_work_here(client, own[0], shares, here))
        except BaseException:
            await asyncio.shield(_cancel(client, shares))
            raise
    return [result for share in shares for result in share.results]


class _Here:
    """Shares that this machine does, one after the other."""

    def __init__(self, run: Run, workers: int | None) -> None:
        self.workers = workers
        self._run = run
        self._turn = asyncio.Lock()

    async def do(self, share: _Share) -> None:
        """Do a share, once those before it are done."""
        share.is_here = True
        several = self.workers or self._run.connections.settings.max_concurrency
        async with self._turn:
            share.results = await process_tracks(self._run, share.tracks, several)


async def _works_itself(client: PrefectClient, shares: int) -> bool:
    """True if a worker of the pool would idle for us, or there are too few of them."""
    if RUN_VARIABLE in os.environ:
        return True
    try:
        known = await client.read_workers_for_work_pool(WORK_POOL)
    except (httpx.HTTPError, RuntimeError, ObjectNotFound):
        return False
    return sum(worker.status == _ONLINE for worker in known) < shares


async def _work_here(
    client: PrefectClient, own: _Share, shares: Sequence[_Share], here: _Here
) -> None:
    """Our own share, then one after the other those that no worker has begun."""
    _log.info("   Share %d: %s, done here", own.number, counted(len(own.tracks), "track"))
    await here.do(own)
    while (share := next((each for each in shares if each.is_waiting), None)) is not None:
        share.is_here = True
        _log.info("   Share %d: no worker has begun it; done here", share.number)
        await _cancel(client, [share])
        await here.do(share)


async def _follow(client: PrefectClient, run: Run, share: _Share, here: _Here) -> None:
    try:
        flow_run = await _handed_out(client, run, share, here.workers)
    except (httpx.HTTPError, RuntimeError, ObjectNotFound) as error:
        _log.warning("   Share %d could not be handed out, done here: %s", share.number, error)
        await here.do(share)
        return
    try:
        await _see_through(client, share, flow_run, here)
    except (httpx.HTTPError, RuntimeError) as error:
        _log.error("   Share %d: the Prefect server does not answer: %s", share.number, error)
        reason = "was lost from sight, since the Prefect server does not answer"
        share.results = [_not_done(track, share, reason) for track in share.tracks]


async def _handed_out(
    client: PrefectClient, run: Run, share: _Share, workers: int | None
) -> FlowRun:
    """The share's run, for a worker of the pool to take."""
    flow_run = await arun_deployment(
        _DEPLOYMENT,
        client=client,
        parameters={
            "page_ids": [track.page_id for track in share.tracks],
            "filter": run.state.track_filter.value,
            "workers": workers,
            "number": share.number,
            "retry_failed": run.state.retries_failed,
        },
        flow_run_name=f"share {share.number}",
        timeout=0,
    )
    share.run = flow_run.id
    _log.info("   Share %d: %s handed out", share.number, counted(len(share.tracks), "track"))
    return flow_run


async def _see_through(
    client: PrefectClient, share: _Share, flow_run: FlowRun, here: _Here
) -> None:
    ended = await _ended(client, share, flow_run)
    if share.is_here:
        return
    if ended is None:
        _log.warning("   Share %d: no worker took it in two minutes; done here", share.number)
        share.is_here = True
        await _cancel(client, [share])
        await here.do(share)
        return
    share.results = await _results_of(client, ended, share)
    done = sum(result.status is TrackStatus.PROCESSED for result in share.results)
    state = ended.state_name or "unknown"
    _log.info("   Share %d: %s, %d of %d processed", share.number, state, done, len(share.tracks))


async def _ended(client: PrefectClient, share: _Share, run: FlowRun) -> FlowRun | None:
    """The share's run once it has ended; None if no worker took it, or we do it ourselves."""
    began = last_answer = datetime.now(UTC)
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        now = datetime.now(UTC)
        try:
            run = await client.read_flow_run(run.id)
            last_answer = now
        except (httpx.HTTPError, RuntimeError):
            if (now - last_answer).total_seconds() > _UNREACHABLE_SECONDS:
                raise
            continue
        if share.is_here:
            return None
        share.has_begun = run.state_type not in _NOT_BEGUN
        if run.state is not None and run.state.is_final():
            return run
        waited = (now - began).total_seconds()
        if not share.has_begun and waited > _PATIENCE_SECONDS:
            return None


async def _results_of(client: PrefectClient, run: FlowRun, share: _Share) -> list[TrackResult]:
    """What the share brought; for every track it did not tell of, why it was not done."""
    known = {result.page_id: result for result in await read_results(client, run.id)}
    message = run.state.message if run.state and run.state.message else "no reason given"
    reason = f"ended as {run.state_name} before it reported this track: {message}"
    return [known.get(track.page_id) or _not_done(track, share, reason) for track in share.tracks]


def _not_done(track: Track, share: _Share, reason: str) -> TrackResult:
    error = ShareLost(f"Share {share.number} {reason}")
    return TrackResult.of(track, TrackStatus.FAILED, error=error)


async def _cancel(client: PrefectClient, shares: Sequence[_Share]) -> None:
    """Ask every share that may still be at work to stop and free its rows."""
    for share in shares:
        if share.run is not None and not share.results:
            with suppress(httpx.HTTPError, RuntimeError, ObjectNotFound):
                await client.set_flow_run_state(share.run, Cancelling())
