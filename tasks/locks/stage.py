"""The lock's stages: claim a track, clear what crashed processes left behind."""

from __future__ import annotations

from collections.abc import Callable

from tasks.locks.ports import LockRow
from tasks.locks.track_locks import Outcome, TrackLocks
from tasks.retrying import RetryPolicy
from tasks.stages import stage

__all__ = ["claim_track"]


@stage("claim-track", RetryPolicy(attempts=3))
async def claim_track(
    locks: TrackLocks, page_id: str, wanted: Callable[[LockRow], bool]
) -> Outcome:
    """The row as ours, or why it is not (lock-protocol.md, "Claim")."""
    return await locks.claim(page_id, wanted)
