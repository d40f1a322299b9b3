"""A Prefect server that does not answer: what its client raises, and how long it is left alone."""

from __future__ import annotations

from time import monotonic

import httpx

__all__ = ["OUT_OF_REACH", "Outage"]

OUT_OF_REACH = (httpx.HTTPError, RuntimeError)
"""What Prefect's client raises when its server does not answer, or only with errors."""

_OUTAGE_SECONDS = 60.0


class Outage:
    """Whether the server failed a minute ago: asking it again costs each track two more."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        """True for a minute after `begin`."""
        return monotonic() < self._until

    def begin(self) -> None:
        """The server just failed, after all of the client's attempts."""
        self._until = monotonic() + _OUTAGE_SECONDS
