"""`python -m simulation.chaos`: many real processes on one library, and what became of it.

Four acts: chaos until every row is done or stuck behind a dead process's token; the runs that
heal, at the latest after the lock's time-out; a run a day later, which sweeps what was left over;
a run that completes finished rows, some of which have lost their Eagle id, or a label beside it.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from sandbox.sample_music import PLAYLISTS, samples
from sandbox.threaded import RunningSandbox, running_sandbox
from sandbox.world import World
from simulation.chaos import verdict
from simulation.chaos.crew import Crew
from simulation.chaos.edits import BY_HAND, STATUS, Person
from simulation.chaos.process import timing_of
from simulation.chaos.witness import Witness
from simulation.one_server import serve_prefect
from tasks.locks.timing import LockTiming

_TRACK_SECONDS = 12.0
_LATE = {"late": 0.03, "unavailable_saved": 0.01, "dropped_saved": 0.01, "dropped": 0.01}
_LATE_SECONDS = (2.0, 40.0)
_QUIET_SECONDS = 20.0
_QUIET_SECONDS_OF_A_RUN = 240.0
_LIFE = 240
_ROUNDS = 4  # a machine that is too slow for a claim leaves locks in each, fewer every time


def main(arguments: list[str] | None = None) -> int:
    """0 if nothing was doubled, lost or left locked."""
    given = _parser().parse_args(arguments)
    home = given.home or Path(tempfile.mkdtemp(prefix="library-sync-chaos-"))
    home.mkdir(parents=True, exist_ok=True)
    serve_prefect(home / "prefect")
    logging.getLogger("uvicorn.error").disabled = True  # it minds connections that are dropped
    with running_sandbox(home / "sandbox", build=lambda world: _build(world, given)) as sandbox:
        is_well = _perform(sandbox, home, given)
    if given.home is None and is_well:
        shutil.rmtree(home, ignore_errors=True)
    elif not is_well:
        print(f"Logs and everything else: {home}")
    return 0 if is_well else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulation.chaos", description=__doc__)
    parser.add_argument("--processes", type=int, default=4, help="at a time, two a machine")
    parser.add_argument("--tracks", type=int, default=200)
    parser.add_argument("--kill", action="store_true", help="kill -9 at random instants")
    parser.add_argument("--late-writes", action="store_true", help="Notion's writes land late")
    parser.add_argument("--edits", action="store_true", help="a person adds labels meanwhile")
    parser.add_argument(
        "--one-eagle",
        action="store_true",
        help="the second machine sees Eagle through EAGLE_PATH_MAP; imports take up to 5 s, and "
        "Ctrl-C comes in the middle of some",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, help="factor for the lock's times, for tests")
    parser.add_argument("--bound", type=float, default=300.0, help="seconds of chaos at most")
    parser.add_argument(
        "--life", type=int, default=_LIFE, help="a process's longest, in requests about rows"
    )
    parser.add_argument("--home", type=Path, help="where everything goes; a temporary folder")
    return parser


def _build(world: World, given: argparse.Namespace) -> None:
    world.add_root_page()
    world.add_databases()
    for name in PLAYLISTS:
        world.add_playlist(name)
    for sample in samples(given.tracks, seed=given.seed):
        world.add_track(
            sample.title, sample.artist, seconds=_TRACK_SECONDS, playlists=sample.playlists
        )


def _perform(sandbox: RunningSandbox, home: Path, given: argparse.Namespace) -> bool:
    timing = LockTiming(timeout=300.0) if given.scale is None else timing_of(given.scale)
    witness = Witness(sandbox)
    dice = random.Random(given.seed)
    crew = Crew(sandbox, witness, home, given.processes, given.scale, dice, given.life)
    crew.cancels_imports = given.one_eagle
    person = Person(sandbox, dice)
    began = time.monotonic()
    with crew.all_ended():
        _set_faults(sandbox, given)
        _chaos(sandbox, crew, witness, person, given)
        after_chaos, done = time.monotonic() - began, _done(sandbox)
        print(f"chaos      {after_chaos:.0f} s, {done} of {given.tracks} rows done", flush=True)
        sandbox.use_faults(eagle={"import_delay": (0.05, 1.0)})
        calm = _heal(sandbox, crew, timing)
        left_over = _temporary_files(crew, sandbox)
        _a_day_passes(left_over)
        crew.run_each_machine(_QUIET_SECONDS_OF_A_RUN)
        healed = time.monotonic()
        print(f"healing    {healed - began - after_chaos:.0f} s", flush=True)
        sandbox.wait_for(_lose_some_values(sandbox))
        crew.run_each_machine(_QUIET_SECONDS_OF_A_RUN, "--filter", "missing_eagle")
    new = verdict.requests_of_new(witness.notes, _pages(sandbox), since=calm, until=healed)
    adopted = verdict.requests_of_adopted(witness.notes, since=healed)
    print(f"requests   {_mean(new)} a new track of a calm run, {_mean(adopted)} an adopted row")
    return _report(sandbox, crew, witness, person, timing, len(left_over))


def _set_faults(sandbox: RunningSandbox, given: argparse.Namespace) -> None:
    low, high = (seconds * (given.scale or 1.0) for seconds in _LATE_SECONDS)
    notion = {"rates": _LATE, "late_seconds": (low, high), "late_hold_seconds": (0.0, high)}
    sandbox.use_faults(
        seed=given.seed,
        notion=notion if given.late_writes else {},
        eagle={"import_delay": (0.5, 5.0) if given.one_eagle else (0.05, 2.0)},
    )


def _chaos(
    sandbox: RunningSandbox,
    crew: Crew,
    witness: Witness,
    person: Person,
    given: argparse.Namespace,
) -> None:
    until = time.monotonic() + given.bound
    quiet_since, seen = time.monotonic(), 0
    while time.monotonic() < until and _done(sandbox) < given.tracks:
        crew.keep_going(kill=given.kill)
        if given.edits:
            person.maybe_edit()
        time.sleep(0.1)
        number = sum(note.kind != "look" for note in list(witness.notes))
        if number > seen:
            quiet_since, seen = time.monotonic(), number
        if time.monotonic() - quiet_since > _QUIET_SECONDS and _is_stuck(sandbox):
            return


def _heal(sandbox: RunningSandbox, crew: Crew, timing: LockTiming) -> float:
    """When calm runs began (monotonic)."""
    crew.wait_for_all(_QUIET_SECONDS_OF_A_RUN)
    sandbox.wait_for(sandbox.settle(), seconds=timing.landing + 30)
    calm = time.monotonic()
    crew.run_each_machine(_QUIET_SECONDS_OF_A_RUN)
    for _ in range(_ROUNDS):
        crew.run_each_machine(_QUIET_SECONDS_OF_A_RUN)
        if not _locks(sandbox) and _done(sandbox) == len(sandbox.world.rows):
            break
        print(f"waiting    {timing.timeout:.0f} s for {len(_locks(sandbox))} locks", flush=True)
        time.sleep(timing.timeout)
    return calm


async def _lose_some_values(sandbox: RunningSandbox) -> None:
    """Every fifth row loses its Eagle id, every tenth our label as well."""
    world = sandbox.world
    for number, row in enumerate(world.rows[::5]):
        lost: dict[str, Any] = {"Eagle File ID": ""}
        if number % 2:
            labels = world.values_of(row.page_id)[STATUS] or ()
            lost[STATUS] = [name for name in labels if name.startswith(BY_HAND)]
        world.update_row(row.page_id, lost)


def _mean(numbers: Sequence[int]) -> str:
    return f"{mean(numbers):.2f} ({len(numbers)})" if numbers else "none (0)"


def _pages(sandbox: RunningSandbox) -> dict[str, str]:
    return {row.url: row.page_id.replace("-", "") for row in sandbox.world.rows}


def _is_stuck(sandbox: RunningSandbox) -> bool:
    """Whether a lock stands on every row that is not done."""
    rows = sandbox.world.values_of_all()
    return all(row["DL"] or row["Processing Lock"] for row in rows)


def _done(sandbox: RunningSandbox) -> int:
    return sum(bool(row["DL"]) for row in sandbox.world.values_of_all())


def _locks(sandbox: RunningSandbox) -> list[str]:
    rows = sandbox.world.values_of_all()
    return [row["Processing Lock"] for row in rows if row["Processing Lock"]]


def _temporary_files(crew: Crew, sandbox: RunningSandbox) -> list[Path]:
    """Everything of ours that is meant to be gone after a run: staging, partial files."""
    folders = [*(m / "out" for m in crew.machines), crew.home / "playlist-tracks", sandbox.state]
    found = [path for folder in folders for path in folder.rglob(".library-sync-*")]
    return [each for path in found for each in (path.iterdir() if path.is_dir() else [path])]


def _a_day_passes(files: list[Path]) -> None:
    then = time.time() - 25 * 3600
    for file in files:
        os.utime(file, (then, then))


def _report(
    sandbox: RunningSandbox,
    crew: Crew,
    witness: Witness,
    person: Person,
    timing: LockTiming,
    left_over: int,
) -> bool:
    pages = _pages(sandbox)
    held = verdict.holdings(witness.notes, pages, settle=timing.settle)
    claims = verdict.count_claims(witness.notes, pages, crew.killed)
    overlaps = verdict.overlaps(held)
    doubles, lost = verdict.double_imports(sandbox), verdict.losses(sandbox)
    locks, temporary = _locks(sandbox), _temporary_files(crew, sandbox)
    labels, too_late = person.lost(witness.notes)
    codes = dict(Counter(crew.exits))
    print(
        f"processes  {len(crew.exits)} started, {len(crew.killed)} killed, "
        f"{len(crew.cancelled)} cancelled while Eagle was importing, exit codes {codes}",
        f"claims     {claims.won} won, {claims.cut_off} cut off by a kill, {claims.lost} lost "
        f"({claims.share_lost:.1%}); {claims.in_vain} rows asked for in vain",
        f"left over  {left_over} temporary files, a day later {len(temporary)}",
        f"labels     {len(person.labels)} by hand, {len(too_late)} between a look and its write",
        f"overlaps {len(overlaps)}",
        f"double imports {len(doubles)}",
        f"lost {len(lost)}",
        f"labels lost {len(labels)}",
        f"locks left {len(locks)}",
        sep="\n",
        flush=True,
    )
    for problem in (*overlaps, *doubles, *lost, *labels, *locks, *temporary):
        print(f"   {problem}")
    return not (overlaps or doubles or lost or labels or locks or temporary)


if __name__ == "__main__":
    sys.exit(main())
