"""The processes: started, killed at random instants, started again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flows.settings import VARIABLES
from sandbox.threaded import RunningSandbox
from simulation.chaos.witness import Entrance, Witness

_ROOT = Path(__file__).parent.parent.parent
_PER_MACHINE = 2
_JUST_NOW = 0.3
_CANCELLED = 0.1
_A_MOMENT = 2.0


@dataclass
class Member:
    """One process, its ports, and when it is to be killed: a moment after its first claim and
    `requests` more (`dies_at`, monotonic; None: not decided).
    """

    name: str
    slot: int
    process: subprocess.Popen[bytes]
    entrance: Entrance
    requests: int
    dies_at: float | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None


@dataclass
class Crew:
    """Processes on `home`'s machines, two on each: one state folder and staging area a machine.

    `scale` shortens the lock's times; None for the real command and its real times. A run waits
    `pause_seconds` for a service that is away. `longest_life` is counted in requests, so that a
    slow machine gets as much done between two kills as a fast one; half of all lives end within
    a quarter of it, in the middle of the claims.
    """

    sandbox: RunningSandbox
    witness: Witness
    home: Path
    processes: int
    scale: float | None
    dice: random.Random
    longest_life: int
    pause_seconds: float | None = None
    members: dict[int, Member] = field(default_factory=dict)
    cancels_imports: bool = False
    killed: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    exits: list[int] = field(default_factory=list)
    _started: int = 0

    @property
    def machines(self) -> list[Path]:
        """The folders of the machines."""
        return [self.home / f"machine-{n}" for n in range((self.processes + 1) // _PER_MACHINE)]

    @property
    def alive(self) -> list[Member]:
        """Those that run now."""
        return [member for member in self.members.values() if member.is_alive]

    def start(self, slot: int, *words: str) -> Member:
        """A new process for a slot whose last one has ended: `sync --parallel WORDS`."""
        self._started += 1
        name = f"{slot}.{self._started}"
        entrance = self.witness.admit(name)
        machine = self.machines[slot // _PER_MACHINE]
        log = self.home / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, *self._command(), "sync", "--parallel", *words],
                cwd=self.home,
                env=self._environment(entrance, machine),
                stdout=said,
                stderr=said,
                stdin=subprocess.DEVNULL,
            )
        requests = round(self.longest_life * self.dice.random() ** 2)
        self.members[slot] = Member(name, slot, process, entrance, requests)
        return self.members[slot]

    def keep_going(self, *, kill: bool) -> None:
        """Kill whose time has come, and start one in each slot where none runs."""
        for slot in range(self.processes):
            member = self.members.get(slot)
            if member is not None and member.is_alive:
                if self.cancels_imports:
                    self._maybe_cancel(member)
                if not (kill and self._is_due(member)):
                    continue
                self.kill(member)
            if member is not None:
                self.bury(member)
            self.start(slot)

    def kill(self, member: Member) -> None:
        """SIGKILL, at whatever it is doing."""
        member.process.send_signal(signal.SIGKILL)
        self.killed.add(member.name)

    def _maybe_cancel(self, member: Member) -> None:
        """Ctrl-C, once, soon after an import was asked for: Eagle has not done it yet."""
        if member.name in self.cancelled:
            return
        since = time.monotonic() - _JUST_NOW
        asked = any(n.kind == "import" and n.at > since for n in self.witness.of(member.name))
        if asked and self.dice.random() < _CANCELLED:
            member.process.send_signal(signal.SIGINT)
            self.cancelled.add(member.name)

    def bury(self, member: Member) -> None:
        """Note how an ended process ended."""
        self.exits.append(member.process.wait())
        member.entrance.close()
        self.members.pop(member.slot, None)

    def run_each_machine(self, quiet: float, *words: str) -> None:
        """One process on every machine, at the same time, to its end."""
        self.wait_for_all(quiet)
        for slot in range(0, self.processes, _PER_MACHINE):
            self.start(slot, *words)
        self.wait_for_all(quiet)

    def wait_for_all(self, quiet: float) -> None:
        """Until all have ended; those left are killed once `quiet` seconds brought no note."""
        until, heard = time.monotonic() + quiet, len(self.witness.notes)
        while self.alive and time.monotonic() < until:
            time.sleep(0.2)
            if len(self.witness.notes) > heard:
                until, heard = time.monotonic() + quiet, len(self.witness.notes)
        for member in list(self.members.values()):
            if member.is_alive:
                self.kill(member)
            self.bury(member)

    @contextmanager
    def all_ended(self) -> Iterator[None]:
        """Whatever happens, no process is left behind."""
        try:
            yield
        finally:
            self.wait_for_all(0)

    def _is_due(self, member: Member) -> bool:
        """A life is counted from the first token, else most deaths would fall into the start."""
        now, kinds = time.monotonic(), [note.kind for note in self.witness.of(member.name)]
        if member.dies_at is None and "token" in kinds:
            since = len(kinds) - kinds.index("token")
            if since > member.requests:
                member.dies_at = now + self.dice.uniform(0.0, _A_MOMENT)
        return member.dies_at is not None and now >= member.dies_at

    def _environment(self, entrance: Entrance, machine: Path) -> dict[str, str]:
        """With one Eagle, all machines but the first have mounted its machine's disk elsewhere."""
        home = self.home
        if self.cancels_imports and machine != self.machines[0]:
            far = home.parent / f"{home.name}-far"
            if not far.exists():
                far.symlink_to(home, target_is_directory=True)
            mapped = _environment(self.sandbox, entrance, far / machine.name, far)
            return mapped | {"EAGLE_PATH_MAP": f"{far}={home}"}
        return _environment(self.sandbox, entrance, machine, home)

    def _command(self) -> list[str]:
        if self.scale is None:
            return ["-m", "flows"]
        pause = f":{self.pause_seconds}" if self.pause_seconds is not None else ""
        return ["-m", "simulation.chaos.process", f"{self.scale}{pause}"]


def _environment(
    sandbox: RunningSandbox, entrance: Entrance, machine: Path, home: Path
) -> dict[str, str]:
    ours = {variable.name for variable in VARIABLES}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {
        **inherited,
        **sandbox.environment,
        **entrance.environment,
        "LIBRARY_SYNC_STATE": str(machine / "state"),
        "OUT_DIR": str(machine / "out"),
        "PLAYLIST_TRACKS_DIR": str(home / "playlist-tracks"),
        "NOTION_REQUESTS_PER_MINUTE": "100000",
        "PROCESS_LOCK_TIMEOUT_MINUTES": "5",
        "PYTHONPATH": str(_ROOT),
    }
