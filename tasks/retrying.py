"""How often and how long apart a failed attempt is repeated, in one place.

Only errors that say they are `retryable` are repeated. A time named by the service wins over the
back-off; jitter keeps workers from coming back together (the idea of stamina and rclone's pacer).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from tasks.errors import SyncError, is_retryable

__all__ = ["PATIENT", "RetryPolicy", "retrying"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """`attempts` in all; delays in seconds grow from `first` by `factor`, at most `longest`."""

    attempts: int = 4
    first: float = 1.0
    factor: float = 3.0
    longest: float = 60.0
    jitter: float = 0.5

    def delay(self, attempt: int, error: BaseException | None = None) -> float:
        """Seconds to wait after the `attempt`-th failure (the first is 1)."""
        named = error.retry_after if isinstance(error, SyncError) else None
        backoff = min(self.longest, self.first * self.factor ** (attempt - 1))
        spread = random.uniform(0, self.jitter * backoff)  # noqa: S311  (not secret)
        return max(named or 0.0, backoff) + spread

    @property
    def delays(self) -> list[float]:
        """The waits between attempts without jitter, as Prefect's tasks take them."""
        plain = replace(self, jitter=0.0)
        return [plain.delay(attempt) for attempt in range(1, self.attempts)]


PATIENT = RetryPolicy(attempts=6)


async def retrying(
    call: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """What `call` returns, repeated by `policy` while another attempt can help."""
    for attempt in range(1, policy.attempts):
        try:
            return await call()
        except SyncError as error:
            if not is_retryable(error):
                raise
            await sleep(policy.delay(attempt, error))
    return await call()
