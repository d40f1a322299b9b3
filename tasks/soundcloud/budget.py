"""SoundCloud's patience, shared by every download of the process.

Its media endpoint answers about 600 requests in ten minutes, and a block hits every track alike
(docs/facts/soundcloud.md, "Budget"). So downloads are counted in a sliding window, and a 429, or
denials of several tracks, open a circuit: all wait, rather than each failing on its own. One track
that is always denied is that track's trouble, and costs the others nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

from tasks.errors import SourceDenied, SourceError, SourceRateLimited
from tasks.retrying import UNSAID_SECONDS, said_time

_log = logging.getLogger("tasks.soundcloud.budget")

_WINDOW_SECONDS = 600.0
_TRACKS_DENIED, _DENIALS_WITHIN = 3, 60.0


class SourceBudget:
    """Permits for format requests, at most `per_window` in ten minutes; one event loop.

    After a 429, or denials of three different tracks within a minute and no success between them,
    nobody begins for `first_pause` seconds, twice as long each further time, at most
    `longest_pause`; a longer time named by the source wins. A download that succeeds closes the
    circuit again.
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
        self._closed_until = -math.inf
        self._pauses = 0
        self._denied: dict[str, float] = {}

    @property
    def paused_for(self) -> float:
        """Seconds until downloads begin again; 0 while they may."""
        return max(0.0, self._closed_until - self._clock())

    @asynccontextmanager
    async def slot(self, track: str) -> AsyncIterator[None]:
        """A download's place: waits for a permit and a closed circuit, and looks at how it ends.

        `track` is any key of what is asked for.
        """
        await self._take()
        began = self._clock()
        try:
            yield
        except (SourceRateLimited, SourceDenied) as error:
            self._refused(error, track, began)
            raise
        else:
            if began >= self._closed_until:
                self._pauses = 0
                self._denied.clear()

    def charge(self, requests: int) -> None:
        """Count `requests` more than the one that a slot stands for."""
        self._taken.extend(self._clock() for _ in range(requests))

    async def _take(self) -> None:
        async with self._turn:
            while (wait := self._wait()) > 0:
                if wait > UNSAID_SECONDS:
                    why = "refuses" if self.paused_for else "has had its requests for ten minutes"
                    _log.info("SoundCloud %s. Waiting %s.", why, said_time(wait))
                await self._sleep(wait)
            self._taken.append(self._clock())

    def _wait(self) -> float:
        now = self._clock()
        while self._taken and self._taken[0] <= now - _WINDOW_SECONDS:
            self._taken.popleft()
        if len(self._taken) < self._per_window:
            return self.paused_for
        freed = self._taken[len(self._taken) - self._per_window] + _WINDOW_SECONDS - now
        return max(self.paused_for, freed)

    def _refused(self, error: SourceError, track: str, began: float) -> None:
        """Open the circuit, once for all downloads that were under way together."""
        if began < self._closed_until:
            return
        if isinstance(error, SourceDenied) and not self._denies_all(track):
            return
        backoff = min(self._longest_pause, self._first_pause * 2.0**self._pauses)
        pause = max(error.retry_after or 0.0, backoff)
        self._pauses += 1
        self._closed_until = self._clock() + pause
        self._denied.clear()
        _log.warning("SoundCloud refuses (%s) All downloads wait %.0f s.", error, pause)

    def _denies_all(self, track: str) -> bool:
        """True if so many different tracks were denied just now that it is not about them."""
        now = self._clock()
        self._denied[track] = now
        recent = [at for at in self._denied.values() if at > now - _DENIALS_WITHIN]
        return len(recent) >= _TRACKS_DENIED
