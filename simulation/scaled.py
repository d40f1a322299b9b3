"""The lock's times, shorter or unchecked: for simulated time, and for tests without minutes."""

from __future__ import annotations

from typing import TypeVar

from tasks.eagle.imports import Patience
from tasks.locks.timing import LockTiming

T = TypeVar("T", bound=LockTiming)


def scaled_timing(factor: float, *, timeout: float = 300.0) -> LockTiming:
    """The usual times, each multiplied by `factor`: safe only where the store is as much faster.

    Everything but the floor of five minutes is still checked.
    """
    usual = {"write_bound": 2.5, "settle": 3.0, "landing": 60.0, "sending": 5.0}
    usual["timeout"] = timeout
    scaled = {name: value * factor for name, value in usual.items()}
    timing = unchecked_timing(LockTiming, **scaled)
    timing.check(0.0)
    return timing


def unchecked_timing(kind: type[T], **times: float) -> T:
    """Times nobody has checked: those of mutants are meant to be unsafe."""
    timing = object.__new__(kind)
    for name in kind.__dataclass_fields__:
        object.__setattr__(timing, name, times.get(name, getattr(kind, name)))
    return timing


def scaled_patience(factor: float) -> Patience:
    """An import's patience, to go with `scaled_timing`."""
    return Patience(seconds=120.0 * factor, bytes_per_second=4e6 / factor)
