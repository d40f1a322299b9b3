"""Notion as a last-write-wins register, and the record of tokens each host keeps on its disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from simulation.lock.faults import Faults
from simulation.lock.ledger import Ledger, Process, Write
from simulation.lock.loop import VirtualLoop
from simulation.lock.shared_eagle import SharedEagle
from simulation.lock.themes import Work
from tasks.eagle.imports import Key
from tasks.locks.ports import LockRow
from tasks.locks.timing import LockTiming

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Register:
    """One row: its lock, the number last written as a result, its song and labels and since when
    they are as they are, the row it is marked as a duplicate of.
    """

    lock: str = ""
    result: float | None = None
    song: int = 0
    song_since: float = 0.0
    labels: dict[str, float] = field(default_factory=dict)
    duplicate_of: str = ""
    recordings: int = 0
    edited: float = 0.0
    watchers: list[Callable[[], object]] = field(default_factory=list)


@dataclass
class World:
    """All there is besides the processes. `faults` are taken away for the calm at the end;
    `walls_stop`: where a monotonic clock does not count a stop, the wall clock does not either.
    """

    loop: VirtualLoop
    random: Random
    timing: LockTiming
    faults: Faults
    work: Work
    ledger: Ledger
    walls_stop: bool = False
    latest: float = 0.0
    eagle: SharedEagle | None = None
    songs: Sequence[int] = range(2)
    registers: dict[str, Register] = field(default_factory=dict)
    _hosts: dict[str, dict[Process, dict[str, float]]] = field(default_factory=dict)
    _notes: dict[str, dict[tuple[int, Key], float]] = field(default_factory=dict)
    _pids: int = 100

    def __post_init__(self) -> None:
        """`latest`: seconds within which a write lands in truth; the lock counts on M."""
        self.latest = self.latest or self.timing.landing

    def next_pid(self) -> int:
        self._pids += 1
        return self._pids

    def tokens(self, host: str) -> dict[Process, dict[str, float]]:
        """What each process of `host` has on record (registry.py, without the disk): the tokens,
        and until when each stays live although the process is dead.
        """
        return self._hosts.setdefault(host, {})

    def dead_tokens(self, host: str) -> frozenset[str]:
        """What the dead processes of `host` have on record."""
        dead = [held for process, held in self.tokens(host).items() if process.dead]
        now = self.loop.time()
        return frozenset(token for held in dead for token, until in held.items() if until <= now)

    def row(self, page_id: str) -> LockRow:
        """The row as Notion shows it now, its time of editing rounded down to the minute."""
        register = self.registers[page_id]
        edited = (EPOCH + timedelta(seconds=register.edited // 60 * 60)).isoformat()
        shown = {
            "Result": {"number": register.result},
            "Song": {"number": register.song},
            "Labels": {"multi_select": [{"name": label} for label in register.labels]},
            "Duplicate": {"url": register.duplicate_of or None},
        }
        page = {"properties": shown}
        return LockRow(page_id, register.lock, in_trash=False, last_edited=edited, page=page)

    def land(self, process: Process, page_id: str, write: Write) -> None:
        """A write takes effect: the last one wins."""
        register = self.registers[page_id]
        self.ledger.landed(process, page_id, write)
        register.edited = self.loop.time()
        if write.lock is not None:
            register.lock = write.lock
        register.result = write.properties.get("Result", {}).get("number", register.result)
        if "Labels" in write.properties:
            self._label(page_id, register, write)
        if "Duplicate" in write.properties:
            self._mark(page_id, register, write.properties["Duplicate"]["url"], write.decided_at)
        if not register.lock or self.random.random() < 0.3:
            watchers, register.watchers = register.watchers, []
            for notify in watchers:
                notify()

    def _label(self, page_id: str, register: Register, write: Write) -> None:
        """Labels that the writer must have seen, and did not write, are lost."""
        written = [option["name"] for option in write.properties["Labels"]["multi_select"]]
        lost = [
            label
            for label, since in register.labels.items()
            if label not in written and since < write.decided_at
        ]
        if lost:
            self.ledger.broken("labels lost", page_id, f"{lost} by a write of {written}")
        now = self.loop.time()
        register.labels = {label: register.labels.get(label, now) for label in written}

    def _mark(self, page_id: str, register: Register, keeper_id: str, decided_at: float) -> None:
        """The row is marked as a duplicate: of a live row with the same song, as far as known."""
        register.duplicate_of, keeper = keeper_id, self.registers[keeper_id]
        known = max(register.song_since, keeper.song_since) < decided_at
        if keeper.duplicate_of:
            self.ledger.broken("both redirected", page_id, f"its keeper {keeper_id} is one too")
        elif known and keeper.song != register.song:
            self.ledger.broken("no duplicate", page_id, f"redirected to {keeper_id}")

    def edit_song(self, page_id: str, song: int) -> None:
        """A person gives the row another address; it is a row like any other again."""
        register = self.registers[page_id]
        register.song, register.song_since = song, self.loop.time()
        register.duplicate_of = ""

    def add_label(self, page_id: str) -> None:
        """A person adds a label."""
        self.registers[page_id].labels[f"by hand {self.next_pid()}"] = self.loop.time()

    def notes(self, host: str) -> dict[tuple[int, Key], float]:
        """Imports that processes of `host` asked for and have not seen."""
        return self._notes.setdefault(host, {})

    def watch(self, page_id: str, notify: Callable[[], object]) -> None:
        """Call `notify` once, when a write clears the row, or at some other write to it."""
        self.registers[page_id].watchers.append(notify)
