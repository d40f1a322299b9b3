"""Whose CPU time it is: every thread's own CPU clock, read at short intervals beside its stack.

A tick's CPU goes to the innermost frame that belongs to somebody (a package of `OWNERS`): httpx
under `tasks/notion` is ours, under Prefect it is Prefect's. cProfile would see one thread only, and
not the time in C that PyAV, hashlib and SSL spend.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Self

__all__ = ["OWNERS", "CpuSampler"]

OWNERS: Mapping[str, str] = {
    "/yt_dlp/": "yt-dlp",
    "/prefect/": "Prefect",
    "/tasks/audio/": "tasks/audio (with PyAV)",
    "/tasks/": "tasks",
    "/flows/": "flows",
}
NOBODY = "event loop, libraries"

_EVERY = 0.002
_RUNS_THE_LOOP = "/flows/stopping.py"


class CpuSampler:
    """`with CpuSampler() as sampler:` fills `seconds` by owner and `places` by owner and module."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.places: Counter[tuple[str, str]] = Counter()
        self._clocks: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cpu-sampler", daemon=True)

    def __enter__(self) -> Self:
        self._tick(count=False)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self._tick(count=True)

    def _tick(self, *, count: bool) -> None:
        frames = sys._current_frames()  # noqa: SLF001  (the only way to other threads' stacks)
        for ident, frame in frames.items():
            if ident == threading.get_ident():
                continue
            try:
                now = time.clock_gettime(time.pthread_getcpuclockid(ident))
            except OSError:  # the thread has just ended
                continue
            spent = now - self._clocks.get(ident, 0.0)
            self._clocks[ident] = now
            if count and spent > 0:
                self._note(frame, spent)
        for ident in self._clocks.keys() - frames.keys():
            del self._clocks[ident]

    def _note(self, frame: FrameType, spent: float) -> None:
        owner, module = owner_of(frame)
        self.seconds[owner] += spent
        self.places[owner, module] += spent


def owner_of(frame: FrameType | None) -> tuple[str, str]:
    """Who a stack works for, and the module of theirs it is in."""
    inner = frame
    while frame is not None:
        file = frame.f_code.co_filename
        if file.endswith(_RUNS_THE_LOOP):
            break
        for part, owner in OWNERS.items():
            if part in file:
                return owner, f"{file.rpartition(part)[2]} {frame.f_code.co_name}"
        frame = frame.f_back
    name = inner.f_code.co_filename.rpartition("/")[2] if inner else ""
    return NOBODY, name
