"""The flow `sync-share`: the part of a distributed run that one worker does."""

from dataclasses import replace
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.fan_out.runners import process_tracks
from flows.fan_out.share_log import ShareLog
from flows.library_sync import Workers, prepare, stopped
from flows.prefect_server.run_pages import NO_RESULTS, verdict
from flows.reporting.flow_run import run_steps
from flows.rows.filtering import is_wanted
from flows.session.job import Job
from flows.session.opening import Run
from flows.summary import SHARE, SyncSummary
from tasks.errors import SyncError
from tasks.notion.stage import query_tracks
from tasks.tracks import Track, TrackFilter

PageIds = Annotated[list[str], Field(min_length=1, max_length=10_000)]


@flow(name="sync-share", flow_run_name="share {number}", **NO_RESULTS)
async def sync_share(
    page_ids: PageIds,
    filter: TrackFilter = TrackFilter.UNPROCESSED,  # noqa: A002  (the command line's word)
    workers: Workers | None = None,
    number: Annotated[int, Field(ge=1)] = 1,
    retry_failed: bool = False,  # noqa: FBT001, FBT002  (a form's field)
) -> State[Any]:
    """Do a share of a distributed run's tracks. A run with `distribute` starts it.

    Args:
        page_ids: The rows of this share, by their page ids in Notion.
        filter: The filter that each row must still match when it is claimed.
        workers: Tracks at a time; empty for SC_MAX_CONCURRENCY of the worker's machine.
        number: Which share of the run this is.
        retry_failed: Also try rows that are not due yet.
    """
    job = Job(
        mode=SHARE,
        title=f"SHARE {number}",
        filter=filter,
        parallel=True,
        workers=workers,
        cleanup=True,
        retry_failed=retry_failed,
    )

    async def steps(run: Run, summary: SyncSummary) -> SyncSummary:
        summary = await prepare(run, job, replace(summary, found=len(page_ids)))
        return summary if summary.error else await _work(run, job, summary, page_ids)

    with verdict() as ending:
        ending.state = await run_steps(job, steps)
    return ending.state


async def _work(run: Run, job: Job, summary: SyncSummary, page_ids: list[str]) -> SyncSummary:
    try:
        tracks = await _tracks(run, page_ids)
        await run.connections.playlists.prepare(tracks)
    except SyncError as error:
        return stopped(summary, error)
    log = ShareLog()
    try:
        workers = job.at_a_time(run.connections.settings)
        results = await process_tracks(run, tracks, workers, on_result=log.note)
    finally:
        await log.write()
    summary = replace(summary, results=tuple(results), warnings=run.state.warnings)
    stopped_by = run.state.stopped_by
    return stopped(summary, stopped_by) if stopped_by else summary


async def _tracks(run: Run, page_ids: list[str]) -> list[Track]:
    """The rows as they are now; of those that no longer match, the id alone: the claim tells."""
    connections, state = run.connections, run.state
    rows = await query_tracks(
        connections.notion,
        connections.schema,
        state.track_filter,
        lambda track: is_wanted(connections, track, state.track_filter),
    )
    state.listed = len(rows)
    known = {track.page_id: track for track in rows}
    return [known.get(page_id) or Track(page_id=page_id) for page_id in page_ids]
