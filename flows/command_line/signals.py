"""A run that ends in an orderly way when it is asked to: Ctrl-C, SIGTERM, a closed terminal.

The event loop runs in a thread of its own, and the main thread waits for signals. So a signal is
never an exception at a random place of the program, as Prefect's own SIGTERM handler would make
it (it can only be installed in the main thread): it always is a cancellation of the run, and every
`finally` frees its row, deletes its files and ends its flow run.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from types import FrameType
from typing import Any, Generic, TypeVar

from flows.command_line.endings import NAMES, Stopped

T = TypeVar("T")

_log = logging.getLogger("flows.stopping")

_SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
_LOOKS_EVERY = 0.5


def run_until_stopped(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work()` returns. Raises Stopped if a signal ended it before.

    A second signal ends the process at once. Outside the main thread, where no signals arrive,
    this is `asyncio.run`.
    """
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(work())
    run = _Run(work)
    before = {number: signal.signal(number, run.stop) for number in _SIGNALS}
    try:
        return run.outcome()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Run(Generic[T]):
    """One event loop in a thread, and the signal that ended it, if one did."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._work = work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stopped_by: signal.Signals | None = None
        self._ended: Future[T] = Future()

    def outcome(self) -> T:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._serve,), name="library-sync")
        thread.start()
        while thread.is_alive():
            thread.join(_LOOKS_EVERY)
        try:
            return self._ended.result()
        except (CancelledError, asyncio.CancelledError):
            if self._stopped_by is None:
                raise
            raise Stopped(self._stopped_by) from None

    def stop(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler, in the main thread."""
        if self._stopped_by is not None:
            os._exit(128 + number)
        self._stopped_by = signal.Signals(number)
        _log.warning(
            "Stopping (%s): the rows in work are freed first, which takes a few seconds.",
            NAMES[self._stopped_by.name],
        )
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _serve(self) -> None:
        try:
            self._ended.set_result(asyncio.run(self._main()))
        except BaseException as error:  # noqa: BLE001  (handed to the main thread)
            self._ended.set_exception(error)

    async def _main(self) -> T:
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if self._stopped_by is not None:
            raise asyncio.CancelledError
        return await self._work()
