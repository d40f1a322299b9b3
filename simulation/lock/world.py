"""Notion as a last-write-wins register, and the record of tokens each host keeps on its disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from simulation.lock.faults import Faults
from simulation.lock.ledger import Ledger, Process
from simulation.lock.loop import VirtualLoop
from simulation.lock.themes import Work
from tasks.locks.ports import LockRow
from tasks.locks.timing import LockTiming

__all__ = ["EPOCH", "World"]

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Register:
    """One row: the lock's text, the number last written as a result, when it was edited."""

    lock: str = ""
    result: float | None = None
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
    registers: dict[str, Register] = field(default_factory=dict)
    _hosts: dict[str, dict[Process, dict[str, float]]] = field(default_factory=dict)
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
        page = {"properties": {"Result": {"number": register.result}}}
        return LockRow(page_id, register.lock, in_trash=False, last_edited=edited, page=page)

    def land(self, process: Process, page_id: str, lock: str, result: float | None) -> None:
        """A write takes effect: the last one wins."""
        register = self.registers[page_id]
        register.lock, register.edited = lock, self.loop.time()
        if result is not None:
            register.result = result
        self.ledger.landed(process, page_id, lock, result)
        if not lock or self.random.random() < 0.3:
            watchers, register.watchers = register.watchers, []
            for notify in watchers:
                notify()

    def watch(self, page_id: str, notify: Callable[[], object]) -> None:
        """Call `notify` once, when a write clears the row, or at some other write to it."""
        self.registers[page_id].watchers.append(notify)
