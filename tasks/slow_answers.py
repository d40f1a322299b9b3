"""A service that takes long to answer is said to, while it is waited for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from tasks.retrying import UNSAID_SECONDS, said_time

_log = logging.getLogger("tasks.slow_answers")

_SAID_AGAIN_AFTER = 30.0
_LONG = 10.0


class SlowAnswers:
    """Says of one service which request it has not answered; not of each of many at a time."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._said_at = -_SAID_AGAIN_AFTER

    @contextmanager
    def watch(self, request: str) -> Iterator[None]:
        """While the block waits for the answer to `request`."""
        began = monotonic()
        loop = asyncio.get_running_loop()
        saying = loop.call_later(UNSAID_SECONDS, self._say, request)
        try:
            yield
        finally:
            saying.cancel()
            seconds = monotonic() - began
            if seconds > _LONG:
                _log.info("%s took %s for %s.", self._service, said_time(seconds), request)

    def _say(self, request: str) -> None:
        now = monotonic()
        if now - self._said_at >= _SAID_AGAIN_AFTER:
            self._said_at = now
            _log.info("%s has not answered %s for 2 s; waiting.", self._service, request)
