"""The lock's times in tests: for a process that is alone, and for several that meet."""

from __future__ import annotations

from dataclasses import replace

from simulation.scaled import scaled_patience, scaled_timing, unchecked_timing
from tasks.eagle.imports import Patience
from tasks.locks.timing import LockTiming

ALONE = unchecked_timing(
    LockTiming, write_bound=20.0, settle=0.02, timeout=300.0, landing=1.0, grace=60.0
)
"""Safe for one process only: it settles for a moment, and a slow machine loses it no claim."""


SETTLING = unchecked_timing(
    LockTiming, write_bound=20.0, settle=1.0, timeout=300.0, landing=1.0, grace=60.0
)
"""The same, with a claim that can be seen before it has settled."""


def among_others(factor: float = 0.1) -> LockTiming:
    """The real times by `factor`: safe where Notion is as much faster, late writes included."""
    return scaled_timing(factor)


def patience_with(timing: LockTiming) -> Patience:
    """How long an import may take: shorter than a lock of that timing lasts. Eagle is looked at
    soon: its stand-in imports at once.
    """
    scaled = scaled_patience(0.25 if timing is ALONE else timing.timeout / 3000)
    return replace(scaled, first_look=0.03)
