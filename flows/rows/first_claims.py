"""A run begins before Prefect is there: the rows are listed, Eagle read, the first rows claimed.

A claim settles for three seconds (docs/lock.md, "Claiming"), as long as Prefect takes to start.
Nothing is done here that a run without Prefect's record could not undo: a row that no track takes
is freed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from flows.rows.filtering import still_wanted, wanted_rows
from flows.rows.selecting import first_downloads
from flows.session.connections import Connections
from flows.session.head_start import HeadStart
from flows.session.opening import opened_ahead, session_options
from tasks.errors import SyncError
from tasks.tracks import Track, TrackFilter


@asynccontextmanager
async def head_start(
    track_filter: TrackFilter, claims: int, *, dry_run: bool
) -> AsyncIterator[None]:
    """Begin at once what a `library-sync` started in this block does first.

    At most `claims` rows are claimed. What fails here, the run meets and says itself.
    """
    async with opened_ahead(dry_run=dry_run) as opening:
        head = HeadStart()
        token = session_options.set(replace(session_options.get(), head_start=head))
        begun = asyncio.ensure_future(_begin(opening, head, track_filter, claims))
        try:
            yield
        finally:
            begun.cancel()
            await asyncio.gather(begun, return_exceptions=True)
            await head.give_back(head.claimed)
            session_options.reset(token)


async def _begin(
    opening: asyncio.Future[Connections], head: HeadStart, track_filter: TrackFilter, claims: int
) -> None:
    with suppress(SyncError):
        connections = await asyncio.shield(opening)
        listing = head.listing = asyncio.ensure_future(_listed(connections, track_filter))
        if connections.eagle is not None:
            head.index = asyncio.ensure_future(connections.eagle.load())
            await asyncio.shield(head.index)
        tracks = await asyncio.shield(listing)
        if connections.settings.dry_run or not connections.locks.enabled:
            return
        wanted = still_wanted(connections, track_filter)
        for track in first_downloads(connections, tracks, claims):
            head.claim(track.page_id, connections.locks.claim(track.page_id, wanted))


async def _listed(connections: Connections, track_filter: TrackFilter) -> list[Track]:
    return [track async for track in wanted_rows(connections, track_filter)]
