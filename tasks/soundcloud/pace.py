"""A download that comes in drops is given up: no time-out of the socket would ever end it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from tasks.errors import DownloadInterrupted

_LEAST_BYTES = 32_768


class Pace:
    """At least 32 kB must come in each `period` of seconds; in a minute that is 4 kbit/s."""

    def __init__(self, period: float = 60.0, *, clock: Callable[[], float] = monotonic) -> None:
        self._period = period
        self._clock = clock
        self._since = clock()
        self._had = 0

    def mind(self, done: int) -> None:
        """Take note that `done` bytes are there. Raises DownloadInterrupted if that is too slow."""
        now = self._clock()
        if done - self._had >= _LEAST_BYTES:
            self._since, self._had = now, done
        elif done < self._had:
            self._had = done
        elif now - self._since >= self._period:
            raise DownloadInterrupted(
                f"Fewer than {_LEAST_BYTES} bytes came in {self._period:.0f} s."
            )
