"""SoundCloud's patience, shared by every download of the process.

Its media endpoint answers about 600 requests in ten minutes, and a block hits every track alike
(soundcloud-and-audio.md, 2.1). So downloads are counted in a sliding window, and a 429 or a denial
opens a circuit: all tracks wait, rather than each failing on its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

from tasks.errors import SourceDenied, SourceError, SourceRateLimited

__all__ = ["SourceBudget"]

_log = logging.getLogger("tasks.soundcloud.budget")

_WINDOW_SECONDS = 600.0


class SourceBudget:
    """Permits for format requests, at most `per_window` in ten minutes; one event loop.

    After a refusal nobody begins for `first_pause` seconds, twice as long each further time, at
    most `longest_pause`, unless the source named a time. A success closes the circuit again.
    """

    def __init__(
        self,
        per_window: int = 550,
        *,
        first_pause: float = 30.0,
        longest_pause: float = 600.0,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_window = per_window
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._clock = clock
        self._sleep = sleep
        self._taken: deque[float] = deque()
        self._turn = asyncio.Lock()
        self._closed_until = 0.0
        self._refusals = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A download's place: waits for a permit and for an open circuit, minds how it ends."""
        await self._take()
        began = self._clock()
        try:
            yield
        except (SourceRateLimited, SourceDenied) as error:
            self._refused(error, began)
            raise
        else:
            self._refusals = 0

    def charge(self, requests: int) -> None:
        """Count `requests` more than the one that a slot stands for."""
        self._taken.extend(self._clock() for _ in range(requests))

    async def _take(self) -> None:
        async with self._turn:
            while (wait := self._wait()) > 0:
                await self._sleep(wait)
            self._taken.append(self._clock())

    def _wait(self) -> float:
        now = self._clock()
        while self._taken and self._taken[0] <= now - _WINDOW_SECONDS:
            self._taken.popleft()
        wait = self._closed_until - now
        if len(self._taken) >= self._per_window:
            wait = max(wait, self._taken[0] + _WINDOW_SECONDS - now)
        return wait

    def _refused(self, error: SourceError, began: float) -> None:
        """Open the circuit, once for all downloads that were under way together."""
        if began < self._closed_until:
            return
        named = error.retry_after or 0.0
        pause = min(self._longest_pause, self._first_pause * 2.0**self._refusals)
        self._refusals += 1
        pause = max(named, pause) if isinstance(error, SourceRateLimited) else self._first_pause
        self._closed_until = self._clock() + pause
        _log.warning("SoundCloud refuses (%s); all downloads wait %.0f s", error, pause)
