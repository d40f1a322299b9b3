"""The judge of a schedule: who holds which row, and what must never happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tasks.locks.lease import Lease


class Process(Protocol):
    """A process as its judge and its world see it: told from others, alive or dead."""

    dead: bool

    @property
    def is_in_doubt(self) -> bool:
        """True while it does not know the time, and so holds nothing safely."""


KINDS = (
    "two holders",
    "results of a non-holder",
    "cleared under a holder",
    "double import",
    "labels lost",
    "no duplicate",
    "both redirected",
    "stuck",
)


@dataclass(frozen=True)
class Write:
    """What a PATCH sets, and when the row it was decided on was looked at. A lock of None stays."""

    lock: str | None
    properties: Mapping[str, Any]
    decided_at: float


@dataclass(frozen=True)
class Violation:
    """`kind` is one of KINDS."""

    kind: str
    at: float
    page_id: str
    detail: str


@dataclass
class Ledger:
    """Counts what happened and notes violations. A holder is who won a claim and may still begin
    an irreversible step: its lease is safe and its clocks agree, its last write is not sent, it is
    not killed.
    """

    time: Callable[[], float]
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    trace: list[str] | None = None
    _holding: dict[str, dict[Process, Lease]] = field(default_factory=dict)
    _winner: dict[str, int] = field(default_factory=dict)
    _wins: int = 0

    def won(self, process: Process, lease: Lease) -> int:
        """Enter a won claim. The number the process writes as its result."""
        self._wins += 1
        self.note(f"{process} won {lease.page_id} as {self._wins} with {lease.token}")
        self._must_be_alone(process, lease.page_id)
        self._holding.setdefault(lease.page_id, {})[process] = lease
        self._winner[lease.page_id] = self._wins
        return self._wins

    def step(self, process: Process, lease: Lease) -> None:
        """An irreversible step (an import into Eagle) is begun."""
        self.counts["steps"] += 1
        self._must_be_alone(process, lease.page_id)

    def left(self, process: Process, lease: Lease) -> None:
        """The process is done with the row, one way or another."""
        if self._holding.get(lease.page_id, {}).get(process) is lease:
            del self._holding[lease.page_id][process]

    def died(self, process: Process) -> None:
        self.note(f"{process} killed")
        for holders in self._holding.values():
            holders.pop(process, None)

    def landed(self, process: Process, page_id: str, write: Write) -> None:
        """A write of `process` takes effect in Notion."""
        lock, result = write.lock, write.properties.get("Result", {}).get("number")
        self.note(f"landed from {process}: {page_id} lock={lock!r} {dict(write.properties)}")
        if result is not None and result != self._winner.get(page_id):
            self._violated("results of a non-holder", page_id, f"{process} wrote {result}")
        others = self._others(process, page_id)
        if lock == "" and others:
            self._violated("cleared under a holder", page_id, f"{process} cleared {others}")

    def imported(self, recording: str, *, is_double: bool) -> None:
        """An item appeared in Eagle."""
        self.counts["imported"] += 1
        self.note(f"imported {recording}")
        if is_double:
            self._violated("double import", recording, "a second item")

    def broken(self, kind: str, page_id: str, detail: str) -> None:
        """What the row shows must not be."""
        self._violated(kind, page_id, detail)

    def stuck(self, page_id: str, detail: str) -> None:
        """After everything went quiet, a row could not be claimed."""
        self._violated("stuck", page_id, detail)

    def note(self, text: str) -> None:
        if self.trace is not None:
            self.trace.append(f"{self.time():10.3f} {text}")

    def _must_be_alone(self, process: Process, page_id: str) -> None:
        others = self._others(process, page_id)
        if others:
            self._violated("two holders", page_id, f"{process} beside {others}")

    def _others(self, process: Process, page_id: str) -> list[str]:
        holders = self._holding.get(page_id, {})
        return [
            str(other)
            for other, lease in holders.items()
            if other is not process and lease.safe and not other.is_in_doubt
        ]

    def _violated(self, kind: str, page_id: str, detail: str) -> None:
        self.note(f"VIOLATION {kind}: {detail}")
        self.violations.append(Violation(kind, self.time(), page_id, detail))
