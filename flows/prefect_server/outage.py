"""A Prefect server that does not answer: what its client raises, and how long it is left alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import httpx

__all__ = ["OUT_OF_REACH", "Outage", "record_gap"]

_log = logging.getLogger("flows.prefect_server")

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


@contextmanager
def record_gap(what: str, outage: Outage | None = None) -> Iterator[None]:
    """A server that does not answer costs a line in the log, never the run."""
    try:
        yield
    except OUT_OF_REACH as error:
        if outage is not None:
            outage.begin()
        _log.warning("The Prefect server did not take %s: %s", what, error)
