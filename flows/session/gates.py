"""How many tracks a run works on at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tasks.locks.track_locks import TrackLocks
from tasks.notion.budget import RequestBudget

_CLAIM_SECONDS = 4.0
_CLAIMS_A_WORKER = 4
_REQUESTS_A_TRACK = 4
_SECONDS_IN_WORK = 8.0


@dataclass(frozen=True)
class Gates:
    """`fetch` is for tracks that are downloaded and converted, `work` for all that are worked on.

    More may be in work (`in_work`): while Eagle imports some and Notion takes their results, the
    next are downloaded.
    """

    fetch: asyncio.Semaphore
    work: asyncio.Semaphore

    @classmethod
    def of(cls, workers: int, requests_a_minute: float) -> Gates:
        """Gates for `workers` tracks at a time, and so many requests to Notion."""
        return cls(
            asyncio.Semaphore(workers), asyncio.Semaphore(in_work(workers, requests_a_minute))
        )


def in_work(workers: int, requests_a_minute: float) -> int:
    """How many tracks may be in work while `workers` are downloaded: half as many again.

    Up to twice as many, as far as Notion lets them through in eight seconds: where tracks wait for
    its limit, the looks at their rows grow old and are made again.
    """
    let_through = int(requests_a_minute / 60 / _REQUESTS_A_TRACK * _SECONDS_IN_WORK)
    return max(workers + workers // 2, min(2 * workers if workers > 1 else 1, let_through))


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
