"""A host that SoundCloud's audio comes from may be away while its site answers: who tells it?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic

Step = Callable[[], Awaitable[object]]

_MANY = 3
_WITHIN = 300.0


class Alike:
    """The steps that could not reach it in the last minutes, with none of them succeeding since.

    `since` is when they became many (a time of `monotonic()`).
    """

    def __init__(self) -> None:
        self._failed: dict[Step, float] = {}
        self.since = 0.0

    @property
    def are_many(self) -> bool:
        """True if it is not about one of them."""
        return len(self._failed) >= _MANY

    def note(self, step: Step) -> None:
        """It failed."""
        now, were_many = monotonic(), self.are_many
        if not were_many:
            self._failed = {one: at for one, at in self._failed.items() if at > now - _WITHIN}
        self._failed[step] = now
        if self.are_many and not were_many:
            self.since = now

    def forget(self, step: Step) -> None:
        """It succeeded: if it had failed, the service is there for all of them."""
        if step in self._failed:
            self._failed.clear()
