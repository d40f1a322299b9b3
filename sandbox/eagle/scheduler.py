"""The app's background work: imports, slow writes and library switches, one after the other."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Scheduler:
    """Runs calls on one thread of its own, each when it is due. Started by the first call."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Run `call` on the background thread, `seconds` from now; nothing once it is closed."""
        with self._changed:
            if self._closing:
                return
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="eagle", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Stop after the call now running; what is not yet due is dropped, as when Eagle quits."""
        with self._changed:
            thread = self._thread
            self._closing = True
            self._due.clear()
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except Exception:  # noqa: BLE001 - one failed import must not end all later ones
                _log.exception("The stand-in for Eagle failed in the background")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closing:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None
