"""Notion's time, on a machine whose own clocks may be wrong.

Each answer of Notion bounds its time: `Date` was true at a moment between sending and receiving.
Its time is what these bounds leave, carried on by the monotonic clock; the wall clock is never
asked for the time. It is a witness only: where it and the monotonic clock part, one of them was set
or stood still (a paused virtual machine), and nothing is believed until Notion was asked again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

# Seconds by which Notion's servers may disagree for no reason.
_TOLERANCE = 2.0
# Seconds by which this machine's two clocks may part: with the bound W of a claim's write less than
# its settling S, so that a pause which goes unnoticed makes no claim look in time (docs/lock.md).
_PARTING = 0.4
_AT_ONCE = 0.05
# Seconds a second by which a clock may be too fast or slow: the most that NTP slews one.
_DRIFT = 5e-4
_LONGEST_NAP = 5.0

# time.monotonic() stands still while a laptop sleeps, and a holder would wake believing in a
# lease that ended hours ago. These clocks go on: CLOCK_BOOTTIME on Linux, CLOCK_MONOTONIC on
# macOS; Windows's time.monotonic() does by itself.
_SLEEPLESS: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def _sleepless() -> float:
    """Seconds since boot, the time asleep included."""
    return time.monotonic() if _SLEEPLESS is None else time.clock_gettime(_SLEEPLESS)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Notion's time minus the monotonic clock, in seconds: from `low` to `high`, known at `at`."""

    low: float
    high: float
    at: float

    def at_time(self, now: float) -> _Bounds:
        """The bounds later on: wider, as clocks drift apart."""
        drift = _DRIFT * abs(now - self.at)
        return _Bounds(self.low - drift, self.high + drift, now)

    def agree(self, other: _Bounds) -> bool:
        return self.low <= other.high + _TOLERANCE and other.low <= self.high + _TOLERANCE

    def narrowed(self, other: _Bounds) -> _Bounds:
        """What both leave. Where servers disagree a little, the time lies between them."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return _Bounds(min(low, high), max(low, high), other.at)


@dataclass(frozen=True, slots=True)
class Asked:
    """When a request was sent (monotonic), and how often the two clocks had parted by then."""

    sent: float
    partings: int


class NotionTime:
    """What Notion's answers tell of its time. `monotonic` and `wall` are this machine's clocks, s.

    A time that contradicts what is known is believed once a second answer, asked for after the
    first had come, says the same.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = _sleepless,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.monotonic = monotonic
        self._wall = wall
        self._bounds: _Bounds | None = None
        self._rival: _Bounds | None = None
        self._is_confirmed = False
        self._first_heard = 0.0
        self._apart = self._difference()
        self._is_parted = False
        self._partings = 0

    def asking(self) -> Asked:
        """For `heard`: to be called right before a request is sent."""
        return Asked(self.monotonic(), self.partings)

    def heard(self, date: datetime, asked: Asked, *, received: float) -> None:
        """An answer of Notion's own carried `date` (whole seconds), and came at `received`."""
        sent = asked.sent
        told = _Bounds(date.timestamp() - received, date.timestamp() + 1.0 - sent, received)
        known = self._bounds and self._bounds.at_time(received)
        if known is None:
            self._bounds, self._first_heard = told, received
        elif known.agree(told):
            self._bounds, self._rival = known.narrowed(told), None
            self._is_confirmed |= sent >= self._first_heard
            self._trust_own_clocks(asked)
        elif self._rival and sent >= self._rival.at and self._rival.agree(told):
            self._bounds, self._rival = self._rival.at_time(received).narrowed(told), None
            self._is_confirmed = True
            self._trust_own_clocks(asked)
        else:
            self._rival = told

    def earliest(self) -> datetime:
        """Notion's time, or a little less."""
        return self._told(lambda bounds: bounds.low)

    def latest(self) -> datetime:
        """Notion's time, or a little more."""
        return self._told(lambda bounds: bounds.high)

    @property
    def is_sure(self) -> bool:
        """True if two answers agreed on the time and nothing has contradicted them since."""
        return self._is_confirmed and self._rival is None and not self.is_in_doubt

    @property
    def is_in_doubt(self) -> bool:
        """True from when this machine's two clocks part until an answer asked for afterwards."""
        self._compare_clocks()
        return self._is_parted

    @property
    def partings(self) -> int:
        """How often they have parted."""
        self._compare_clocks()
        return self._partings

    def _compare_clocks(self) -> None:
        apart = self._difference()
        if abs(apart - self._apart) > _PARTING:
            self._apart, self._is_parted = apart, True
            self._partings += 1

    def _trust_own_clocks(self, asked: Asked) -> None:
        if asked.partings == self.partings:
            self._apart, self._is_parted = self._difference(), False

    def _difference(self) -> float:
        """The wall clock less the monotonic one, both read at one moment: a busy machine may put
        this process aside between two lines.
        """
        for _ in range(3):
            before, wall = self.monotonic(), self._wall()
            if self.monotonic() - before < _AT_ONCE:
                break
        return wall - before

    def _told(self, which: Callable[[_Bounds], float]) -> datetime:
        now = self.monotonic()
        if self._bounds is None:
            return datetime.fromtimestamp(self._wall(), UTC)
        return datetime.fromtimestamp(which(self._bounds.at_time(now)) + now, UTC)


class SystemTicks:
    """This machine's monotonic clock."""

    def monotonic(self) -> float:
        """Seconds since boot, the time asleep included."""
        return _sleepless()

    async def sleep(self, seconds: float) -> None:
        """Sleep in naps, because the event loop's timers stand still while the machine sleeps."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:  # noqa: ASYNC110  (naps, not polling)
            await asyncio.sleep(min(left, _LONGEST_NAP))
        await asyncio.sleep(0)


class SystemClock(SystemTicks):
    """This machine's monotonic clock, and the time its answers from Notion have told."""

    def __init__(self, notion: NotionTime) -> None:
        self._notion = notion

    def now(self) -> datetime:
        """Notion's time, or a little less."""
        return self._notion.earliest()

    def latest(self) -> datetime:
        """Notion's time, or a little more."""
        return self._notion.latest()

    @property
    def is_sure(self) -> bool:
        """True if Notion's time is confirmed."""
        return self._notion.is_sure

    @property
    def partings(self) -> int:
        """How often this machine's two clocks have parted."""
        return self._notion.partings

    @property
    def is_in_doubt(self) -> bool:
        """True if they have parted, and Notion was not asked for its time since."""
        return self._notion.is_in_doubt
