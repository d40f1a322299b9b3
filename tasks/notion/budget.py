"""Notion's request budget, shared by everything in the process.

Notion counts requests in fixed windows of 60 s (docs/facts/notion.md, "Rate limits"). Where its
windows begin is unknown, so no 60 s may ever hold more than the budget. A 429 or 529 stops
everybody until the time Notion named: independent loops per worker would only make a second spike.

A few permits are kept back for the end: a run that is told to stop must free its rows within
seconds, also when it has just spent a minute's budget.

Processes that share an integration may share its budget too: then permits are leased from a
common account, several at a time, since each lease is a round trip to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Protocol

from tasks.retrying import UNSAID_SECONDS, said_time

_log = logging.getLogger("tasks.notion.budget")

_WINDOW_SECONDS = 60.0
_BATCH = 10
_KEPT_BACK = 15
_LONGEST_NAP = 1.0
LEASE_SECONDS = 5.0
"""How long a leased permit may lie unused; the common account must allow for it."""


class SharedPermits(Protocol):
    """The common account of all processes that spend one integration's budget."""

    async def lease(self, permits: int) -> None:
        """Wait until `permits` are ours. Never raises: an account out of reach grants."""


class RequestBudget:
    """Permits for requests: never more than `per_minute` within any 60 s, a fifteenth of which is
    kept back until `spend_reserve`.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        shared: SharedPermits | None = None,
    ) -> None:
        self.per_minute = per_minute
        self._limit = per_minute - self.kept_back
        self._shared = shared
        self._leased = 0
        self._leased_at = 0.0
        self._taken: deque[float] = deque()
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._closed_until = 0.0

    @property
    def kept_back(self) -> int:
        """Permits that only a run that ends may spend."""
        return self.per_minute // _KEPT_BACK

    async def take(self, permits: int = 1) -> None:
        """Wait until `permits` requests may be sent at once, first come first served."""
        async with self._turn:
            await self._wait(permits)
            if self._shared is not None:
                await self._lease(self._shared, permits)
                await self._wait(permits)
            now = self._clock()
            self._taken.extend([now] * permits)

    def spend_reserve(self) -> None:
        """The run ends: what was kept back is there for its last writes, and nobody is asked."""
        self._limit = self.per_minute
        self._shared = None

    def cool_down(self, seconds: float) -> None:
        """Let nobody send anything for `seconds`: what a 429 or 529 asks for."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    async def _wait(self, permits: int) -> None:
        if (wait := self._wait_for(permits)) > UNSAID_SECONDS:
            _log.info("%s Waiting %s.", self._why(), said_time(wait))
        while (wait := self._wait_for(permits)) > 0:
            await self._sleep(min(wait, _LONGEST_NAP))

    def _why(self) -> str:
        if self._closed_until > self._clock():
            return "Notion asks us to slow down."
        return f"Notion's budget of {self.per_minute} requests a minute is spent."

    async def _lease(self, shared: SharedPermits, permits: int) -> None:
        """Spend leased permits; lease about as many at once as the last seconds needed."""
        now = self._clock()
        if now - self._leased_at > LEASE_SECONDS:
            self._leased = 0
        if self._leased < permits:
            recent = sum(taken > now - LEASE_SECONDS for taken in self._taken)
            batch = max(permits - self._leased, min(_BATCH, recent))
            await shared.lease(batch)
            self._leased += batch
            self._leased_at = self._clock()
        self._leased -= permits

    def _wait_for(self, permits: int) -> float:
        now = self._clock()
        while self._taken and self._taken[0] <= now - _WINDOW_SECONDS:
            self._taken.popleft()
        wait = self._closed_until - now
        surplus = len(self._taken) + permits - self._limit
        if surplus > 0 and self._taken:
            oldest_in_the_way = self._taken[min(surplus, len(self._taken)) - 1]
            wait = max(wait, oldest_in_the_way + _WINDOW_SECONDS - now)
        return wait
