"""Damaged files of every container through the conversion, as a run converts them.

    python -m bench.fuzz [--seconds 120] [--seed 1] [--case N]

Ends with 1 if the run crashed, an error had no class, or a file stood under its final name that is
not whole. A file that breaks its decoder is counted, not a fault: it costs that file. Each case is
drawn from `--seed` and its number alone, so `--case N` makes it again.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.fuzz.conversion import Verdict, tried
from bench.fuzz.damages import Source, damaged, sources
from tasks.audio.decoder_pool import DecoderPool
from tasks.errors import SyncError

_LONGEST_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """One damaged file and what is asked of it."""

    number: int
    what: str
    suffix: str
    data: bytes
    announced: float | None
    bit_depth: int
    is_tagged: bool


@dataclass
class Outcomes:
    """What became of the cases; `faults` are what must not be."""

    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    peak_mb: float = 0.0


def main() -> int:
    """Run until the time is over; print what happened; 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.fuzz")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="this one alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="library-sync-fuzz-") as name:
        outcomes = asyncio.run(_run(Path(name), options))
    _print(outcomes, options.seed)
    return 1 if outcomes.faults else 0


async def _run(folder: Path, options: argparse.Namespace) -> Outcomes:
    (folder / "sources").mkdir()
    known = sources(folder / "sources")
    numbers = itertools.count() if options.case is None else iter([options.case])
    cases = (_case(known, options.seed, number) for number in numbers)
    until = time.monotonic() + options.seconds
    outcomes = Outcomes()
    with DecoderPool(2, patience=lambda _size: _LONGEST_SECONDS) as pool:
        await asyncio.gather(*(_work(pool, folder, cases, until, outcomes) for _ in range(2)))
    return outcomes


def _case(known: list[Source], seed: int, number: int) -> Case:
    random = np.random.default_rng([seed, number])
    source = known[int(random.integers(len(known)))]
    what, data = damaged(source, known, random)
    return Case(
        number=number,
        what=f"{source.name}: {what}",
        suffix=source.suffix,
        data=data,
        announced=(source.seconds, 2 * source.seconds, None)[int(random.integers(3))],
        bit_depth=int(random.choice([16, 24])),
        is_tagged=bool(random.integers(2)),
    )


async def _work(
    pool: DecoderPool, folder: Path, cases: Iterator[Case], until: float, outcomes: Outcomes
) -> None:
    for case in cases:
        inside = folder / str(case.number)
        inside.mkdir()
        file = inside / f"source{case.suffix}"
        file.write_bytes(case.data)
        began = time.monotonic()
        await _judge(pool, case, file, outcomes)
        outcomes.slowest = max(outcomes.slowest, (time.monotonic() - began, _named(case)))
        for left in inside.iterdir():
            left.unlink()
        inside.rmdir()
        if time.monotonic() > until:
            return


async def _judge(pool: DecoderPool, case: Case, file: Path, outcomes: Outcomes) -> None:
    is_lost = False
    try:
        verdict = await pool.run(tried, file, case.announced, case.bit_depth, case.is_tagged)
    except SyncError as error:
        is_lost = True
        verdict = Verdict("lost")
        outcomes.lost.append(f"{_named(case)}: {error}")
    except Exception as error:  # noqa: BLE001 - this is what must not happen
        verdict = Verdict("crash", repr(error))
    outcomes.kinds[verdict.kind] += 1
    outcomes.peak_mb = max(outcomes.peak_mb, verdict.peak_mb)
    if verdict.trace:
        outcomes.faults.append(f"{_named(case)}: {verdict.kind}\n{verdict.trace}")
    left = [each.name for each in file.parent.iterdir() if each != file]
    final = [name for name in left if not (is_lost and name.startswith(".library-sync-"))]
    if final:
        outcomes.faults.append(f"{_named(case)}: left behind: {', '.join(final)}")


def _named(case: Case) -> str:
    return f"case {case.number} ({case.what})"


def _print(outcomes: Outcomes, seed: int) -> None:
    tried = sum(outcomes.kinds.values())
    crashes, unclassed = outcomes.kinds["crash"], outcomes.kinds["no class"]
    print(f"{tried} damaged files, seed {seed}")
    for kind, count in outcomes.kinds.most_common():
        print(f"  {kind:24}{count:6}")
    print(
        f"children lost (and replaced): {len(outcomes.lost)}; the largest {outcomes.peak_mb:.0f} MB"
    )
    print(f"slowest: {outcomes.slowest[0]:.2f} s, {outcomes.slowest[1]}")
    for line in (*outcomes.lost, *outcomes.faults):
        print(line)
    print(f"crashes of the run: {crashes}; errors without a class: {unclassed}; ", end="")
    print(f"faults in all: {len(outcomes.faults)}")


if __name__ == "__main__":
    sys.exit(main())
