"""How many tracks a run works on at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tasks.locks.track_locks import TrackLocks
from tasks.notion.budget import RequestBudget

_CLAIM_SECONDS = 4.0
_CLAIMS_A_WORKER = 4


@dataclass(frozen=True)
class Gates:
    """`fetch` is for tracks that are downloaded and converted, `work` for all that are worked on.

    Of several at a time twice as many may be in work: while Eagle imports some and Notion takes
    their results, the next are downloaded.
    """

    fetch: asyncio.Semaphore
    work: asyncio.Semaphore

    @classmethod
    def of(cls, workers: int) -> Gates:
        """Gates for `workers` tracks at a time."""
        return cls(asyncio.Semaphore(workers), asyncio.Semaphore(in_work(workers)))


def in_work(workers: int) -> int:
    """How many tracks may be in work while `workers` are downloaded."""
    return 2 * workers if workers > 1 else 1


def claims_ahead(locks: TrackLocks, budget: RequestBudget, workers: int) -> int:
    """Tracks in claiming or claimed beside those in work.

    A claim takes as long as four short tracks, nearly all of it waiting. Not more than can be
    freed at once when the run is stopped with Notion's budget spent.
    """
    if not locks.enabled:
        return 0
    settling = min(1.0, (locks.timing.settle + 1.0) / _CLAIM_SECONDS)
    can_be_freed = max(workers, budget.kept_back - workers)
    return min(round(_CLAIMS_A_WORKER * workers * settling), can_be_freed)
