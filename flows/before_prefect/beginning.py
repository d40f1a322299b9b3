"""A run begins before Prefect is there: rows are listed, Eagle read, the first tracks fetched.

A claim settles for three seconds (docs/lock.md, "Claiming"), and Prefect's server takes two to
start. Everything begun here can be undone without Prefect: a row that no track takes is freed, and
what was fetched for it is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from flows.following.sources import followed
from flows.rows.copied import is_doubtful
from flows.rows.filtering import plan_for, still_wanted, wanted_rows
from flows.rows.selecting import first_downloads, needs_work
from flows.session.connections import Connections
from flows.session.early_fetch import EarlyFetch
from flows.session.gates import claims_ahead
from flows.session.head_start import HeadStart, Listing
from flows.session.job import Job
from flows.session.opening import opened_ahead, run_settings, session_options
from flows.settings import Settings
from tasks.errors import BadAddress, SyncError
from tasks.facts import source_of
from tasks.locks.claim import Won
from tasks.locks.cleanup import clear_stale
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import Outcome
from tasks.notion.properties import Field
from tasks.notion.queries import first_query, iterate_locked
from tasks.notion.row_query import FirstQueries
from tasks.notion.rows import to_track
from tasks.planning import Action
from tasks.soundcloud.address import AddressKind
from tasks.tracks import Track, TrackFilter


@dataclass(frozen=True)
class Beginning:
    """What is under way: the connections, what was begun with them, and the first rows.

    The first rows may end in a SyncError.
    """

    opening: asyncio.Future[Connections]
    head: HeadStart
    rows: asyncio.Future[list[Track]]


@asynccontextmanager
async def begin(job: Job) -> AsyncIterator[Beginning]:
    """Start the flow's first steps now; the flow is started in this block.

    If one fails, the flow meets the same error and reports it.
    """
    first = _first_queries(await run_settings()).recall(job.filter)
    async with opened_ahead(dry_run=job.dry_run, first=first) as opening:
        head = HeadStart()
        token = session_options.set(replace(session_options.get(), head_start=head))
        rows = asyncio.ensure_future(_first_rows(opening, head, job))
        claims = asyncio.ensure_future(_claim_first(opening, head, job, rows))
        try:
            yield Beginning(opening, head, rows)
        finally:
            rows.cancel()
            claims.cancel()
            await asyncio.gather(rows, claims, return_exceptions=True)
            await head.end()
            session_options.reset(token)


async def _first_rows(
    opening: asyncio.Future[Connections], head: HeadStart, job: Job
) -> list[Track]:
    """The rows as far as they are listed at once. Raises a SyncError."""
    connections = await asyncio.shield(opening)
    _begin_looking(connections, head, job)
    if job.filter is TrackFilter.MISSING_EAGLE:
        await _index(head)  # it is what says that an item is gone
    rows = wanted_rows(connections, job.filter)
    head.listing = Listing(rows, lambda row: _is_enough(connections, row, job))
    found = await head.listing.first()
    asked = first_query(connections.schema, job.filter)
    _first_queries(connections.settings).keep(job.filter, asked)
    return found


def _first_queries(settings: Settings) -> FirstQueries:
    return FirstQueries(settings.state_dir, settings.tracks_db_id)


async def _claim_first(
    opening: asyncio.Future[Connections],
    head: HeadStart,
    job: Job,
    rows: asyncio.Future[list[Track]],
) -> None:
    with suppress(SyncError):
        first = await asyncio.shield(rows)
        await _index(head)
        connections = opening.result()
        if connections.settings.dry_run or not connections.locks.enabled:
            return
        wanted = still_wanted(connections, job.filter)
        fetched, later = _first_tracks(connections, job, first)
        begun = [
            head.claim(track.page_id, _fetched(connections, head, track.page_id, wanted))
            for track in fetched
        ]
        for track in later:
            head.claim(track.page_id, _claimed(connections, track.page_id, wanted, after=begun))
        await asyncio.sleep(connections.locks.timing.renew_every)
        await head.give_back(head.claimed)  # nobody renews them, and the run is at other work


def _first_tracks(
    connections: Connections, job: Job, rows: Sequence[Track]
) -> tuple[list[Track], list[Track]]:
    """The tracks that the run begins with, and as many to follow them as may be claimed now."""
    if job.in_rounds:
        return [], []
    at_once, locks = job.at_a_time(connections.settings), connections.locks
    most = at_once + min(at_once, claims_ahead(locks, connections.notion.budget, at_once))
    tracks = first_downloads(connections, rows, min(most, job.limit or most))
    return tracks[:at_once], tracks[at_once:]


async def _claimed(
    connections: Connections,
    page_id: str,
    wanted: Callable[[LockRow], bool],
    *,
    after: Collection[asyncio.Task[Outcome]] = (),
) -> Outcome:
    """The row's claim, begun once others have become something: they are needed sooner."""
    if after:
        await asyncio.wait(after)
    return await connections.locks.claim(page_id, wanted, proof_later=True)


async def _fetched(
    connections: Connections, head: HeadStart, page_id: str, wanted: Callable[[LockRow], bool]
) -> Outcome:
    """The row's claim. Its recording is on its way once the claim is won."""
    outcome = await _claimed(connections, page_id, wanted)
    if isinstance(outcome, Won):
        try:
            _begin_fetch(connections, head, to_track(outcome.lease.row.page, connections.schema))
        except BaseException:
            await outcome.lease.release()
            raise
    return outcome


def _begin_fetch(connections: Connections, head: HeadStart, row: Track) -> None:
    """Unless the row, as its claim shows it, needs something else, or its flow asks SoundCloud
    first: about a short link, or about what the row tells of another song.
    """
    plan = plan_for(connections, row, connections.match(row))
    if plan.action is not Action.DOWNLOAD or is_doubtful(connections, row):
        return
    with suppress(BadAddress):
        address = source_of(row, connections.hosts)
        if address.kind is not AddressKind.SHORT_LINK:
            head.fetch(row.page_id, EarlyFetch(connections, row, address))


def _begin_looking(connections: Connections, head: HeadStart, job: Job) -> None:
    """All that is asked beside the listing."""
    if job.cleanup and Field.LOCK in connections.schema:
        locked = iterate_locked(connections.notion, connections.schema)
        registry, dry_run = connections.settings.state_dir / "locks", connections.settings.dry_run
        clearing = clear_stale(connections.locks, locked, registry, dry_run=dry_run)
        head.clearing = asyncio.ensure_future(clearing)
    if job.filter is not TrackFilter.MISSING_EAGLE:
        head.followed = asyncio.ensure_future(followed(connections))
    if connections.eagle is not None:
        head.index = asyncio.ensure_future(connections.eagle.load())


async def _index(head: HeadStart) -> None:
    if head.index is not None:
        await asyncio.shield(head.index)


def _is_enough(connections: Connections, row: Track, job: Job) -> bool:
    """A run in rounds lists on when it comes to it."""
    return job.in_rounds and needs_work(connections, row)
