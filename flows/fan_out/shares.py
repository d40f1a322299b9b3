"""A run's work in shares for other machines: handed out, waited for, added up.

The parent decides what needs work; each share is a run of the deployment `sync-share` on the pool.
The rows' locks stay the only truth: a share that was lost costs nothing but time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias
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
from flows.session.opening import Run
from tasks.errors import ConfigurationError
from tasks.tracks import Track, TrackResult, TrackStatus

__all__ = ["hand_out", "require_pool"]

_log = logging.getLogger("flows.distribution")

_DEPLOYMENT = "sync-share/sync-share"
_POLL_SECONDS = 3.0
_PATIENCE_SECONDS = 120.0
_UNREACHABLE_SECONDS = 600.0
_NOT_BEGUN = {StateType.SCHEDULED, StateType.PENDING}

_Shares: TypeAlias = "list[_Share]"


@dataclass
class _Share:
    number: int
    tracks: Sequence[Track]
    run: UUID | None = None
    results: list[TrackResult] = field(default_factory=list)


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
                remedy="Run `library-sync setup`, then `prefect --no-prompt deploy --all`.",
            ) from None


async def hand_out(
    run: Run, work: Sequence[Track], number: int, workers: int | None
) -> list[TrackResult]:
    """What became of each track, `work` split into `number` shares at most.

    A share that nobody takes within two minutes is done here (its row's locks make a late taker
    harmless). Tracks of a share that died are
    reported as not done, with the reason. When we are cancelled, so are the shares.
    """
    shares = [
        _Share(place + 1, work[place::number]) for place in range(number) if work[place::number]
    ]
    here = asyncio.Lock()
    async with get_client() as client:
        try:
            async with asyncio.TaskGroup() as group:
                for share in shares:
                    group.create_task(_follow(client, run, share, workers, here))
        except BaseException:
            await asyncio.shield(_cancel(client, shares))
            raise
    return [result for share in shares for result in share.results]


async def _follow(
    client: PrefectClient,
    run: Run,
    share: _Share,
    workers: int | None,
    here: asyncio.Lock,
) -> None:
    try:
        await _see_through(client, run, share, workers, here)
    except (httpx.HTTPError, RuntimeError) as error:
        _log.error("   Share %d: the Prefect server does not answer: %s", share.number, error)
        reason = "was lost from sight, since the Prefect server does not answer"
        share.results = [_not_done(track, share, reason) for track in share.tracks]


async def _see_through(
    client: PrefectClient,
    run: Run,
    share: _Share,
    workers: int | None,
    here: asyncio.Lock,
) -> None:
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
    _log.info("   Share %d: %d tracks handed out", share.number, len(share.tracks))
    ended = await _ended(client, flow_run)
    if ended is None:
        _log.warning("   Share %d: no worker took it in two minutes; done here", share.number)
        await _cancel(client, [share])
        async with here:
            several = workers or run.connections.settings.max_concurrency
            share.results = await process_tracks(run, share.tracks, several)
        return
    share.results = await _told(client, ended, share)
    done = sum(result.status is TrackStatus.PROCESSED for result in share.results)
    state = ended.state_name or "unknown"
    _log.info("   Share %d: %s, %d of %d processed", share.number, state, done, len(share.tracks))


async def _ended(client: PrefectClient, run: FlowRun) -> FlowRun | None:
    """The run once it has ended; None if no worker took it."""
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
        if run.state is not None and run.state.is_final():
            return run
        waited = (now - began).total_seconds()
        if run.state_type in _NOT_BEGUN and waited > _PATIENCE_SECONDS:
            return None


async def _told(client: PrefectClient, run: FlowRun, share: _Share) -> list[TrackResult]:
    """What the share told; for every track it did not tell of, why it was not done."""
    told = {result.page_id: result for result in await read_results(client, run.id)}
    message = run.state.message if run.state and run.state.message else "no reason given"
    reason = f"ended as {run.state_name} before it told of this track: {message}"
    return [told.get(track.page_id) or _not_done(track, share, reason) for track in share.tracks]


def _not_done(track: Track, share: _Share, reason: str) -> TrackResult:
    return TrackResult.of(
        track,
        TrackStatus.ERROR,
        error_message=f"Share {share.number} {reason}",
        remedy="Run again: what the share finished is found done, the rest is done then.",
    )


async def _cancel(client: PrefectClient, shares: _Shares) -> None:
    """Ask every share that may still be at work to stop and free its rows."""
    for share in shares:
        if share.run is not None and not share.results:
            with suppress(httpx.HTTPError, RuntimeError, ObjectNotFound):
                await client.set_flow_run_state(share.run, Cancelling())
