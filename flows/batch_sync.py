"""The flow `batch-sync`: small queries, again and again, until the limit or nothing is left.

For running often: each round asks Notion for the rows as they are now, takes the first few that
this run has not seen, and works on them.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.library_sync import Limit, Workers, run_all_steps, stopped, work_through
from flows.prefect_server.run_pages import NO_RESULTS, named, verdict
from flows.rows.filtering import has_failed, unlisted, wanted_rows
from flows.session.job import Job, batch_job
from flows.session.opening import Run
from flows.summary import SyncSummary
from tasks.errors import NotionError, SyncError
from tasks.tracks import Track, TrackFilter

_ROUND = 10
_LISTINGS = 6


@flow(name="batch-sync", flow_run_name=named("batch-sync"), **NO_RESULTS)
async def batch_sync(
    filter: TrackFilter = TrackFilter.UNPROCESSED,  # noqa: A002  (the command line's word)
    limit: Limit | None = None,
    parallel: bool = False,  # noqa: FBT001, FBT002  (a form's field)
    workers: Workers | None = None,
    cleanup: bool = True,  # noqa: FBT001, FBT002
    debug: bool = False,  # noqa: FBT001, FBT002
    dry_run: bool = False,  # noqa: FBT001, FBT002
) -> State[Any]:
    """Bring matching tracks into the library in small rounds.

    Args:
        filter: Which rows: unprocessed, all, or missing_eagle.
        limit: Process this many tracks at most; empty for as long as any are left.
        parallel: Work on several at a time; SC_ENABLE_PARALLEL_BATCH=1 says so always.
        workers: How many at a time; empty for SC_MAX_CONCURRENCY.
        cleanup: First free the locks of processes that are gone.
        debug: Log every step.
        dry_run: Say what would be done and why, and change nothing.
    """
    job = batch_job(
        filter=filter,
        limit=limit,
        parallel=parallel,
        workers=workers,
        cleanup=cleanup,
        debug=debug,
        dry_run=dry_run,
    )
    with verdict() as ending:
        ending.state = await run_all_steps(job, _rounds)
    return ending.state


async def _rounds(run: Run, job: Job, summary: SyncSummary) -> SyncSummary:
    """Small rounds over one listing, which goes on from round to round."""
    at_once = max(_ROUND, job.at_a_time(run.connections.settings))
    async with aclosing(in_turn(run)) as rows:
        while not (run.state.stopped_by or summary.error):
            room = None if job.limit is None else job.limit - _worked_on(summary)
            if room is not None and room <= 0:
                break
            try:
                tracks = await _next_tracks(rows, at_once)
            except SyncError as error:
                return stopped(summary, error)
            if not tracks:
                break
            summary = replace(summary, found=summary.found + len(tracks))
            summary = await work_through(run, replace(job, limit=room), summary, tracks)
    return summary


def _worked_on(summary: SyncSummary) -> int:
    return summary.planned + summary.count("processed") + summary.count("failed")


async def _next_tracks(rows: AsyncIterator[Track], number: int) -> list[Track]:
    found: list[Track] = []
    async for track in rows:
        found.append(track)
        if len(found) >= number:
            break
    return found


async def in_turn(run: Run) -> AsyncGenerator[Track, None]:
    """The matching rows, each once, oldest first; those that failed before come last."""
    connections, seen = run.connections, set()
    failed: list[Track] = []
    async with aclosing(_listed(run)) as rows:
        async for track in rows:
            seen.add(track.page_id)
            if has_failed(connections, track):
                failed.append(track)
            else:
                yield track
    new = run.state.brought - seen
    for track in await unlisted(connections, [], run.state.track_filter, new):
        yield track
    for track in failed:
        yield track


async def _listed(run: Run) -> AsyncGenerator[Track, None]:
    """The matching rows, each once. A listing that Notion's absence cut off begins again."""
    connections, seen = run.connections, set[str]()
    begun = run.state.head_start.take_listing()
    listing = begun.__aiter__() if begun else wanted_rows(connections, run.state.track_filter)

    async def ask_notion() -> object:
        return await connections.notion.data_source(connections.schema.data_source_id)

    for left in reversed(range(_LISTINGS)):
        try:
            async with aclosing(listing) as rows:
                async for track in rows:
                    if track.page_id not in seen:
                        seen.add(track.page_id)
                        yield track
        except NotionError as error:
            if not (error.is_away and left):
                raise
            await run.pauses.through(ask_notion)
            listing = wanted_rows(connections, run.state.track_filter)
        else:
            return


if __name__ == "__main__":
    raise SystemExit("This is a flow. Run: library-sync batch (or: python -m flows batch)")
