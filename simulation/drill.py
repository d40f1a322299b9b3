"""`python -m simulation.drill`: every service goes away, and what became of the rows.

Two processes work on one library. Each service is taken away at each stage of a track: for a while,
after which both must go on; then for good, after which both must end, and a later run heals what is
left. Counted are rows lost, doubled, wrongly marked, and stuck.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.builders import short_tracks
from sandbox.faults import Fault, FaultPlan, NotionPlan, SoundCloudPlan
from sandbox.threaded import RunningSandbox, running_sandbox
from simulation.chaos import verdict
from simulation.chaos.crew import Crew
from simulation.chaos.process import timing_of
from simulation.chaos.witness import Witness
from simulation.one_server import serve_prefect
from tasks.errors import ErrorType

SERVICES = ("notion", "eagle", "soundcloud", "disk")
STAGES = ("claim", "download", "import", "write")
_PROCESSES = 2
_TRACKS_A_STAGE = 5
_TRACK_SECONDS = 12.0
_SCALE = 0.5
_RUN_SECONDS = 240.0
_STAGE_SECONDS = 90.0
_DISK_BYTES = 150_000_000
_ERRORS = {str(error) for error in ErrorType}


@dataclass
class Tally:
    """What became of the rows of one service's drill; four times nothing is wanted."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> str:
        """`0 0 0 0`: lost, doubled, wrongly marked, stuck."""
        return " ".join(str(len(rows)) for rows in vars(self).values())

    @property
    def problems(self) -> list[str]:
        """Each by its kind."""
        return [f"{kind}: {one}" for kind, found in vars(self).items() for one in found]


def main(arguments: list[str] | None = None) -> int:
    """0 if no row was lost, doubled, wrongly marked or stuck."""
    given = _parser().parse_args(arguments)
    home = Path(tempfile.mkdtemp(prefix="library-sync-drill-"))
    serve_prefect(home / "prefect")
    logging.getLogger("uvicorn.error").disabled = True  # it minds connections that are dropped
    print("service      lost, doubled, wrongly marked, stuck", flush=True)
    wells = [_drilled(home / service, service, given) for service in given.services]
    is_well = all(wells)
    if is_well:
        shutil.rmtree(home, ignore_errors=True)
    else:
        print(f"Logs and everything else: {home}")
    return 0 if is_well else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulation.drill", description=__doc__)
    parser.add_argument("--services", nargs="+", choices=SERVICES, default=SERVICES)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--seconds", type=float, default=20.0, help="away for a while")
    parser.add_argument("--patience", type=float, default=8.0, help="of a run, away for good")
    parser.add_argument("--not-for-good", action="store_true", help="only away for a while")
    return parser


def _drilled(home: Path, service: str, given: argparse.Namespace) -> bool:
    began = time.monotonic()
    tracks = _TRACKS_A_STAGE * len(given.stages) * (1 if given.not_for_good else 2)
    build = short_tracks(tracks, seconds=_TRACK_SECONDS)
    with running_sandbox(home / "sandbox", build=build) as sandbox, _absent(service, home) as gone:
        if gone is None:
            print(f"{service:<12} not played: it takes root to mount a small disk", flush=True)
            return True
        drill = _Drill(sandbox, home, _Away(sandbox, service, gone))
        drill.play(given)
        tally = drill.tally
    seconds = time.monotonic() - began
    print(f"{service:<12} {tally.numbers}   {tracks} rows, {seconds:.0f} s", flush=True)
    for problem in tally.problems:
        print(f"   {problem}", flush=True)
    return not tally.problems


@contextmanager
def _absent(service: str, home: Path) -> Iterator[Path | None]:
    """Where the file lies that fills the disk; the disk is a small one, made for it."""
    disk = home / "machine-0" / "out"
    if service != "disk":
        yield disk
        return
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield disk / "filled"
    finally:
        unmount = ["umount", "-l", str(disk)]
        subprocess.run(unmount, capture_output=True, check=False)


@dataclass(frozen=True)
class _Away:
    """Takes a service away and brings it back."""

    sandbox: RunningSandbox
    service: str
    filler: Path

    def begin(self) -> None:
        match self.service:
            case "eagle":
                self.sandbox.wait_for(self.sandbox.stop_eagle())
            case "disk":
                self._fill()
            case "notion":
                self.sandbox.set_faults("notion", NotionPlan(rates={Fault.DROPPED: 1.0}))
            case _:
                plan = SoundCloudPlan(rates={Fault.DROPPED: 1.0})
                self.sandbox.set_faults("soundcloud", plan)

    def end(self) -> None:
        match self.service:
            case "eagle":
                self.sandbox.wait_for(self.sandbox.start_eagle())
            case "disk":
                self.filler.unlink(missing_ok=True)
            case "notion":
                self.sandbox.set_faults("notion", NotionPlan())
            case _:
                self.sandbox.set_faults("soundcloud", FaultPlan())

    def _fill(self) -> None:
        with suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1_000_000))


class _Drill:
    """One service, stage by stage, with two processes at work."""

    def __init__(self, sandbox: RunningSandbox, home: Path, away: _Away) -> None:
        self.sandbox = sandbox
        self.away = away
        self.tally = Tally()
        self._home = home
        self._witness = Witness(sandbox)

    def play(self, given: argparse.Namespace) -> None:
        """Everything; the tally is complete afterwards."""
        for stage in given.stages:
            self._for_a_while(stage, given.seconds)
        if not given.not_for_good:
            for stage in given.stages:
                self._for_good(stage, given.patience)
        self._heal()
        self._count()

    def _for_a_while(self, stage: str, seconds: float) -> None:
        with self._crew(patience=600.0) as crew:
            self._keep_at_work(crew, stage)
            self.away.begin()
            time.sleep(seconds)
            self._note_marked(stage)
            self.away.end()
            while crew.alive and self._not_done() > self._left_for_others(stage):
                time.sleep(0.2)

    def _for_good(self, stage: str, patience: float) -> None:
        with self._crew(patience) as crew:
            self._keep_at_work(crew, stage)
            self.away.begin()
            crew.wait_for_all(_RUN_SECONDS)
            self._note_marked(stage)
            self.away.end()
            for code, number in Counter(crew.exits).items():
                if code not in {0, 1, 2, 78}:
                    self.tally.stuck.append(f"{number} processes ended with {code} ({stage})")
            if crew.killed:
                self.tally.stuck.append(f"{len(crew.killed)} processes did not end ({stage})")

    def _keep_at_work(self, crew: Crew, stage: str) -> None:
        """Until the processes have come to the stage, once more since now."""
        since, until = time.time(), time.monotonic() + _STAGE_SECONDS
        while not self._has_come_to(stage, since) and time.monotonic() < until:
            crew.keep_going(kill=False)
            time.sleep(0.05)

    def _has_come_to(self, stage: str, since: float) -> bool:
        entries = [e for e in self.sandbox.ledger.entries() if e["at"] >= since]
        return any(_TELLS[stage](entry) for entry in entries)

    def _left_for_others(self, stage: str) -> int:
        """Rows to leave for the stages that come after."""
        return self._not_done_at_first() - _TRACKS_A_STAGE * (STAGES.index(stage) + 1)

    def _not_done_at_first(self) -> int:
        return len(self.sandbox.world.rows)

    def _not_done(self) -> int:
        return sum(not row["DL"] for row in self.sandbox.world.values_of_all())

    def _note_marked(self, stage: str) -> None:
        for row in self.sandbox.world.values_of_all():
            shown = _ERRORS & set(row["Audio Processing Status"] or ())
            if shown:
                self.tally.marked.append(f"{row['Title']} shows {', '.join(shown)} ({stage})")

    def _heal(self) -> None:
        """Runs once the service is back, and again once the locks of cut off claims are over."""
        for _ in range(3):
            with self._crew(patience=600.0) as crew:
                crew.run_each_machine(_RUN_SECONDS)
            if not self._not_done():
                return
            if any(row["Processing Lock"] for row in self.sandbox.world.values_of_all()):
                time.sleep(timing_of(_SCALE).timeout)

    def _count(self) -> None:
        self._note_marked("at the end")
        self.tally.doubled += verdict.double_imports(self.sandbox)
        self.tally.lost += verdict.losses(self.sandbox)
        for row in self.sandbox.world.values_of_all():
            if row["Processing Lock"] or not row["DL"]:
                self.tally.stuck.append(f"{row['Title']} {row['Processing Lock']}")

    @contextmanager
    def _crew(self, patience: float) -> Iterator[Crew]:
        dice = random.Random(0)
        crew = Crew(self.sandbox, self._witness, self._home, _PROCESSES, _SCALE, dice, 0, patience)
        with crew.all_ended():
            yield crew


def _is_patch(entry: Mapping[str, Any]) -> bool:
    return entry.get("kind") == "page.update"


_TELLS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "claim": lambda e: _is_patch(e) and bool(e["properties"].get("Processing Lock")),
    "download": lambda e: e["event"] == "request" and e["service"] == "soundcloud",
    "import": lambda e: e["event"] == "request" and e["path"].endswith("item/addFromPath"),
    "write": lambda e: e.get("kind") == "item.add" and e.get("ext") == "aiff",
}


if __name__ == "__main__":
    sys.exit(main())
