"""A process's clocks: they are skewed, are set, stand still, and hear wrong dates."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from simulation.lock.faults import Faults
from simulation.lock.loop import VirtualLoop
from tasks.locks.clock import Asked, NotionTime

_SKEWS = (0.0, 41.0, -3 * 3600.0, 7.5 * 3600.0)
_SURELY_DIFFERENT = 30.0


class Clocks:
    """The monotonic clock, the wall clock, and what the real `NotionTime` makes of both."""

    def __init__(self, loop: VirtualLoop, random: Random, epoch: datetime) -> None:
        self._loop, self._random = loop, random
        self._boot = random.uniform(0, 1e5)
        self._epoch = epoch.timestamp()
        self._skew = random.choice(_SKEWS)
        self._wrong_by = 0.0
        self.notion = NotionTime(self.monotonic, self.wall)

    def open(self, faults: Faults) -> None:
        """What the opening of a session hears of Notion's time: its first three answers."""
        for _ in range(3):
            self.hear(self.notion.asking(), self._loop.time(), faults)

    def monotonic(self) -> float:
        return self._boot + self._loop.time()

    def wall(self) -> float:
        return self._epoch + self._loop.time() + self._skew

    def maybe_step(self, faults: Faults) -> None:
        """The user, or a time server, sets the wall clock."""
        if faults.wall_steps > self._random.random():
            self._skew += self._random.choice((-3600.0, -60.0, -30.0, -5.0, 45.0, 3600.0))

    def stand_still(self, seconds: float, *, wall_too: bool) -> None:
        """The monotonic clock does not count the next `seconds`; nor, perhaps, does the other."""
        self._boot -= seconds
        self._skew -= seconds if wall_too else 0.0

    def hear(self, asked: Asked, answered_at: float, faults: Faults) -> None:
        """A `Date` header: whole seconds, and old by the time it is read."""
        date = self._epoch + answered_at // 1
        if faults.wrong_dates > self._random.random():
            date += self._wrong(faults.wrong_dates_by)
        self.notion.heard(datetime.fromtimestamp(date, UTC), asked, received=self.monotonic())

    def _wrong(self, most: float) -> float:
        """Never twice the same: two answers that agree are believed, and may be."""
        before = self._wrong_by
        while abs(self._wrong_by - before) < _SURELY_DIFFERENT:
            self._wrong_by = self._random.choice((-1, 1)) * self._random.uniform(most / 4, most)
        return self._wrong_by
