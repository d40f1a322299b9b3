"""An asyncio event loop whose time jumps from timer to timer: hours pass in milliseconds."""

from __future__ import annotations

import asyncio
from typing import Any


class Deadlock(Exception):
    """Everybody waits and no timer is left: a schedule that can never end."""


class _JumpingSelector:
    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        if timeout is None:
            raise Deadlock
        self._loop.virtual_time += timeout
        return ()


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs coroutines exactly as asyncio does, without waiting and without I/O."""

    def __init__(self) -> None:
        super().__init__()
        self.virtual_time = 0.0
        self._clock_resolution = 1e-6
        self._selector = _JumpingSelector(self)
        self.errors: list[BaseException] = []
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self.virtual_time

    def _process_events(self, event_list: object) -> None:
        """There is no I/O."""

    def _write_to_self(self) -> None:
        """There is no other thread to be woken from."""

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.errors.append(error)
