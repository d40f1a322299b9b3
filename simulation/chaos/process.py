"""`python -m simulation.chaos.process FACTOR[:PAUSE] WORD...`: the command with shorter lock times.

With the real times a token that a kill left unverified blocks its row for five minutes. A test
has no five minutes; all its processes use the same shorter times, as the protocol demands. PAUSE
are the seconds that a run waits for a service that is away.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from flows.prefect_server.environment import prepare_prefect
from simulation.scaled import scaled_patience, scaled_timing
from tasks.locks.timing import LockTiming

_SHORTEST_TIMEOUT = 250.0


def timing_of(factor: float) -> LockTiming:
    """The usual times by `factor`, with the shortest time-out that leaves room for a renewal."""
    return scaled_timing(factor, timeout=_SHORTEST_TIMEOUT)


def main(arguments: list[str]) -> int:
    """The command's exit code."""
    prepare_prefect()
    from flows.__main__ import main as library_sync  # noqa: PLC0415  (Prefect reads its settings now)
    from flows.session.opening import SessionOptions, session_options  # noqa: PLC0415

    scale, _, pause = arguments[0].partition(":")
    factor = float(scale)
    patience = scaled_patience(factor)
    options = SessionOptions(timing=timing_of(factor), patience=patience)
    session_options.set(replace(options, pause_seconds=float(pause)) if pause else options)
    return library_sync(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
