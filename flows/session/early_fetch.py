"""A recording that is fetched before its track's flow has begun.

The row is claimed by then, as in the flow (docs/lock.md, "Claiming"). Files stay in a folder of
their own until the track's turn is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack

from flows.session.connections import Connections
from tasks.retrying import at_once
from tasks.soundcloud.address import Address
from tasks.soundcloud.fetching import Fetched, OnProgress, fetch
from tasks.soundcloud.information import Progress
from tasks.tracks import Track


class EarlyFetch:
    """Begun when it is made, of `address`, for the row as its claim showed it."""

    def __init__(self, connections: Connections, row: Track, address: Address) -> None:
        self.address = address
        self._listener: OnProgress | None = None
        self._progress: Progress | None = None
        self._folder = AsyncExitStack()
        self._work = asyncio.ensure_future(self._fetch(connections, row))
        self._is_taken = False

    def take(self, on_progress: OnProgress | None) -> Awaitable[Fetched] | None:
        """What becomes of it, for who asks first; None from then on."""
        if self._is_taken:
            return None
        self._is_taken, self._listener = True, on_progress
        if self._progress is not None:
            self._tell(self._progress)
        return self._work

    async def end(self) -> None:
        """Stop it, and delete what it has left."""
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        await self._folder.aclose()

    async def _fetch(self, connections: Connections, row: Track) -> Fetched:
        folder = await self._folder.enter_async_context(connections.fresh_folder(at_once))
        return await fetch(connections.equipment, self.address, folder, row, self._tell)

    def _tell(self, progress: Progress) -> None:
        self._progress = progress
        if self._listener is not None:
            self._listener(progress)
