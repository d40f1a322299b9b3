"""A download that comes in drops is given up: no time-out of the socket would ever end it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from tasks.errors import DownloadInterrupted


class Pace:
    """At least `least_bytes` must come in each `period` of seconds (32 kB a minute: 4 kbit/s)."""

    def __init__(
        self,
        least_bytes: int = 32_768,
        period: float = 60.0,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._least_bytes = least_bytes
        self._period = period
        self._clock = clock
        self._since = clock()
        self._had = 0

    def mind(self, done: int) -> None:
        """Take note that `done` bytes are there. Raises DownloadInterrupted if that is too slow."""
        now = self._clock()
        if done - self._had >= self._least_bytes:
            self._since, self._had = now, done
        elif done < self._had:
            self._had = done
        elif now - self._since >= self._period:
            raise DownloadInterrupted(
                f"Fewer than {self._least_bytes} bytes came in {self._period:.0f} s."
            )
