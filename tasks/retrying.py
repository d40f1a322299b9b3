"""How often and how long apart a failed attempt is repeated, in one place.

Only errors that say they are `retryable` are repeated. A time named by the service wins over the
back-off; jitter keeps workers from coming back together (the idea of stamina and rclone's pacer).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from tasks.errors import SyncError, is_retryable

_log = logging.getLogger("tasks.retrying")

T = TypeVar("T")

UNSAID_SECONDS = 2.0
"""A wait that is longer is said: which service, why, how long, before which attempt."""


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


class Through(Protocol):
    """Does a step, and more than once where that helps: a run's pauses, or nothing of the kind."""

    def __call__(self, step: Callable[[], Awaitable[T]], /) -> Awaitable[T]:
        """What `step` returns."""


async def at_once(step: Callable[[], Awaitable[T]], /) -> T:
    """The step, done once."""
    return await step()


PATIENT = RetryPolicy(attempts=10, factor=2.0, longest=12.0)


def log_wait(
    error: BaseException, seconds: float, attempt: int | None = None, attempts: int | None = None
) -> None:
    """Say a wait after `error`, if it is one that somebody who looks on would wonder about.

    It is before `attempt` of `attempts` (None: whichever, as often as it takes).
    """
    if seconds > UNSAID_SECONDS:
        of = f" of {attempts}" if attempts else ""
        then = f" before attempt {attempt}{of}" if attempt else ", then asking again"
        _log.info("%s Waiting %s%s.", error, said_time(seconds), then)


def said_time(seconds: float) -> str:
    """`20 s`, `10 min`, `1 min 5 s`, `2 h 15 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


async def retrying(
    call: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    repeats: Callable[[SyncError], bool] = is_retryable,
) -> T:
    """What `call` returns, repeated by `policy` while another attempt can help (`repeats`)."""
    for attempt in range(1, policy.attempts):
        try:
            return await call()
        except SyncError as error:
            if not repeats(error):
                raise
            seconds = policy.delay(attempt, error)
            log_wait(error, seconds, attempt + 1, policy.attempts)
            await asyncio.sleep(seconds)
    return await call()


def surely_not_applied(error: SyncError) -> bool:
    """True if a change may be asked for again because it certainly was not made."""
    return error.retryable and not error.maybe_applied
