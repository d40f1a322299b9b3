"""What a run has begun before Prefect is there: its listing, Eagle's index, its first tracks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, KeysView
from dataclasses import dataclass, field
from typing import Any

from flows.session.early_fetch import EarlyFetch
from tasks.locks.claim import Won
from tasks.locks.cleanup import CleanupReport
from tasks.locks.track_locks import Outcome
from tasks.soundcloud.address import Address
from tasks.tracks import Track


class Listing:
    """A listing that has begun: its first rows are read at once, the others once they are wanted.

    The first rows go as far as the first that is `enough`; they are all if it `is_whole`.
    """

    def __init__(self, rows: AsyncGenerator[Track, None], enough: Callable[[Track], bool]) -> None:
        self.is_whole = False
        self._rows = rows
        self._first = asyncio.ensure_future(self._read(enough))

    async def first(self) -> list[Track]:
        """Raises NotionError."""
        return await asyncio.shield(self._first)

    async def __aiter__(self) -> AsyncGenerator[Track, None]:
        for row in await self._first:
            yield row
        async for row in self._rows:
            yield row

    async def end(self) -> None:
        """Read no further."""
        self._first.cancel()
        await asyncio.gather(self._first, return_exceptions=True)
        await self._rows.aclose()

    async def _read(self, enough: Callable[[Track], bool]) -> list[Track]:
        found: list[Track] = []
        async for row in self._rows:
            found.append(row)
            if enough(row):
                return found
        self.is_whole = True
        return found


@dataclass
class HeadStart:
    """Each thing in it is taken once, by the step or the track it was begun for.

    Empty in a worker, where Prefect is there before the run. `followed` is of the room that
    follows lists.
    """

    listing: Listing | None = None
    index: asyncio.Task[int] | None = None
    clearing: asyncio.Task[CleanupReport] | None = None
    followed: asyncio.Task[Any] | None = None
    _claims: dict[str, asyncio.Task[Outcome]] = field(default_factory=dict)
    _fetches: dict[str, EarlyFetch] = field(default_factory=dict)

    @property
    def claimed(self) -> KeysView[str]:
        """The page ids of the rows that are being claimed, or are ours, for nobody yet; in their
        order.
        """
        return self._claims.keys()

    def take_listing(self) -> Listing | None:
        """The listing that was begun; None if none was, or it was taken before."""
        listing, self.listing = self.listing, None
        return listing

    def take_clearing(self) -> asyncio.Task[CleanupReport] | None:
        """The clearing of stale locks that was begun; None if none was, or it was taken before."""
        clearing, self.clearing = self.clearing, None
        return clearing

    def claim(self, page_id: str, claim: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        """Begin the claim of a row."""
        begun = self._claims[page_id] = asyncio.ensure_future(claim)
        return begun

    async def take(self, page_id: str) -> Outcome | None:
        """What became of the row's claim; None if none was begun. Raises NotionError.

        Who is cancelled while it settles has not taken it: it is freed with the rest.
        """
        claim = self._claims.pop(page_id, None)
        if claim is None:
            return None
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            self._claims[page_id] = claim
            raise

    def fetch(self, page_id: str, fetch: EarlyFetch) -> None:
        """Keep what is being fetched for a row whose claim was won."""
        self._fetches[page_id] = fetch

    def fetching(self, page_id: str, address: Address) -> EarlyFetch | None:
        """What is being fetched for the row from this address; None if nothing is."""
        begun = self._fetches.get(page_id)
        return begun if begun is not None and begun.address == address else None

    async def forget(self, page_id: str) -> None:
        """The row's work is over: delete what was fetched for it."""
        if (begun := self._fetches.pop(page_id, None)) is not None:
            await begun.end()

    async def give_back(self, page_ids: Collection[str]) -> None:
        """Free those rows that are claimed and that no track's work has taken."""
        rows = self.claimed & set(page_ids)
        claims = [self._claims.pop(page_id) for page_id in rows]
        await asyncio.gather(*map(_free, claims), return_exceptions=True)
        await asyncio.gather(*map(self.forget, rows))

    async def end(self) -> None:
        """Let go of all that nobody has taken."""
        await self.give_back(self.claimed)
        await asyncio.gather(*map(self.forget, list(self._fetches)))
        if self.listing is not None:
            await self.listing.end()
        left = [task for task in (self.index, self.clearing, self.followed) if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _free(claim: asyncio.Task[Outcome]) -> None:
    """One that waits for Notion is given up; one that is being decided frees itself."""
    claim.cancel()
    outcome = await claim
    if isinstance(outcome, Won):
        await outcome.lease.release()
