"""What a run has begun while Prefect is imported: its listing, Eagle's index, its first claims."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tasks.locks.claim import Won
from tasks.locks.track_locks import Outcome
from tasks.tracks import Track


@dataclass
class HeadStart:
    """Each thing in it is taken once, by the step or the track it was begun for.

    Empty in a worker, where Prefect is there before the run.
    """

    listing: asyncio.Task[list[Track]] | None = None
    index: asyncio.Task[int] | None = None
    _claims: dict[str, asyncio.Task[Outcome]] = field(default_factory=dict)

    @property
    def claimed(self) -> frozenset[str]:
        """The page ids of the rows that are being claimed, or are ours, for nobody yet."""
        return frozenset(self._claims)

    def take_listing(self) -> asyncio.Task[list[Track]] | None:
        """The listing that was begun; None if none was, or it was taken before."""
        listing, self.listing = self.listing, None
        return listing

    def claim(self, page_id: str, claim: Coroutine[Any, Any, Outcome]) -> None:
        """Begin the claim of a row."""
        self._claims[page_id] = asyncio.ensure_future(claim)

    async def take(self, page_id: str) -> Outcome | None:
        """What became of the row's claim; None if none was begun. Raises NotionError."""
        claim = self._claims.pop(page_id, None)
        return None if claim is None else await claim

    async def give_back(self, page_ids: Collection[str]) -> None:
        """Free those rows that are claimed and that no track's work has taken."""
        claims = [self._claims.pop(page_id) for page_id in self.claimed & set(page_ids)]
        await asyncio.gather(*map(_free, claims), return_exceptions=True)


async def _free(claim: asyncio.Task[Outcome]) -> None:
    outcome = await claim
    if isinstance(outcome, Won):
        await outcome.lease.release()
