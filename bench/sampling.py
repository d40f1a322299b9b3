"""Whose CPU time it is: a profile of the event loop's thread, and samples of all other threads.

CPU belongs to the innermost code that belongs to somebody (a package of `OWNERS`): httpx under
`tasks/notion` is ours, under Prefect it is Prefect's. The loop's thread is profiled by cProfile
with the thread's CPU clock, and libraries' time is handed up to their callers; its bursts are too
short to sample. Other threads are sampled, since cProfile sees one thread only: theirs is long work
in C (PyAV, hashing, files) under a stack that says whose it is.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any, Self

OWNERS: Mapping[str, str] = {
    "/yt_dlp/": "yt-dlp",
    # What yt-dlp reads from the network passes through here, at less than 1 ms a track.
    "/tasks/soundcloud/bounds.py": "yt-dlp",
    "/prefect/": "Prefect",
    "/tasks/audio/": "tasks/audio (with PyAV)",
    "/tasks/": "tasks",
    "/flows/": "flows",
}
NOBODY = "event loop, libraries"

_EVERY = 0.002
_RUNS_THE_LOOP = "/flows/command_line/signals.py"

Function = tuple[str, int, str]


class CpuByOwner:
    """`with CpuByOwner() as cpu:` in the loop's thread fills `loop` and `others`: seconds by owner
    and place. `loop_seconds` is the loop thread's CPU, which the profile makes longer; without
    `profile` it is as it is, and `loop` stays empty.
    """

    def __init__(self, *, profile: bool) -> None:
        self.loop: Counter[tuple[str, str]] = Counter()
        self.others: Counter[tuple[str, str]] = Counter()
        self.loop_seconds = 0.0
        self._profiles = profile
        self._profile = cProfile.Profile(time.thread_time)
        self._loop_thread = threading.get_ident()
        self._clocks: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cpu-sampler", daemon=True)

    def __enter__(self) -> Self:
        self._tick(count=False)
        self._thread.start()
        self._began = time.thread_time()
        if self._profiles:
            self._profile.enable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._profile.disable()
        self.loop_seconds = time.thread_time() - self._began
        self._stop.set()
        self._thread.join()
        if self._profiles:
            for place, spent in _Callers(self._profile).own_seconds():
                self.loop[place] += spent

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self._tick(count=True)

    def _tick(self, *, count: bool) -> None:
        frames = sys._current_frames()  # noqa: SLF001  (the only way to other threads' stacks)
        for ident, frame in frames.items():
            if ident in {threading.get_ident(), self._loop_thread}:
                continue
            try:
                now = time.clock_gettime(time.pthread_getcpuclockid(ident))
            except OSError:  # the thread has just ended
                continue
            spent = now - self._clocks.get(ident, 0.0)
            self._clocks[ident] = now
            if count and spent > 0:
                self.others[_owner_of(frame)] += spent
        for ident in self._clocks.keys() - frames.keys():
            del self._clocks[ident]


def _owner(file: str) -> tuple[str, str] | None:
    """Whose a file is, and its path within what is theirs; None for nobody's."""
    if file.endswith(_RUNS_THE_LOOP):
        return None
    for part, owner in OWNERS.items():
        if part in file:
            return owner, file.rpartition(part)[2]
    return None


def _owner_of(frame: FrameType | None) -> tuple[str, str]:
    inner = frame
    while frame is not None:
        if found := _owner(frame.f_code.co_filename):
            return found[0], f"{found[1]} {frame.f_code.co_name}"
        frame = frame.f_back
    return NOBODY, inner.f_code.co_filename.rpartition("/")[2] if inner else ""


class _Callers:
    """A profile whose nobody's functions are handed up to those who called them."""

    def __init__(self, profile: cProfile.Profile) -> None:
        self._stats: dict[Function, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
        self._known: dict[Function, Mapping[tuple[str, str], float]] = {}

    def own_seconds(self) -> list[tuple[tuple[str, str], float]]:
        """(owner, place) and seconds, in no order."""
        return [
            (place, entry[2] * share)
            for function, entry in self._stats.items()
            for place, share in self._shares(function, frozenset()).items()
        ]

    def _shares(
        self, function: Function, above: frozenset[Function]
    ) -> Mapping[tuple[str, str], float]:
        """How a function's time is shared by owners; sums to 1."""
        if function in self._known:
            return self._known[function]
        if found := _owner(function[0]):
            shares: Mapping[tuple[str, str], float] = {(found[0], f"{found[1]} {function[2]}"): 1}
        else:
            shares = self._shares_of_callers(function, above | {function})
        if not above:
            self._known[function] = shares
        return shares

    def _shares_of_callers(
        self, function: Function, above: frozenset[Function]
    ) -> Mapping[tuple[str, str], float]:
        callers = {c: e[3] for c, e in self._stats[function][4].items() if c not in above}
        total = sum(callers.values())
        if not total or len(above) > _DEEPEST:
            return {(NOBODY, function[0].rpartition("/")[2]): 1}
        shares: Counter[tuple[str, str]] = Counter()
        for caller, seconds in callers.items():
            for place, share in self._shares(caller, above).items():
                shares[place] += share * seconds / total  # type: ignore[assignment]
        return shares


_DEEPEST = 25
