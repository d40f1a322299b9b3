"""A person who adds labels to rows by hand while processes work on them, and what became of these.

A label counts as lost if the process whose write dropped it had looked at the row after the label
was added. One that came between a writer's last look and the landing of its write is `too late`:
Notion has no way to write only what is unchanged.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.threaded import RunningSandbox
from simulation.chaos.witness import Note

BY_HAND = "by hand"
STATUS = "Audio Processing Status"


@dataclass(frozen=True)
class Label:
    """A label of a row, and when it was added (monotonic)."""

    page_id: str
    name: str
    at: float


@dataclass
class Person:
    """Adds a label somewhere each `seconds` on average."""

    sandbox: RunningSandbox
    dice: random.Random
    seconds: float = 1.0
    labels: list[Label] = field(default_factory=list)
    _next: float = 0.0

    def maybe_edit(self) -> None:
        """Add a label to some row, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self.dice.expovariate(1 / self.seconds)
        row = self.dice.choice(self.sandbox.world.rows)
        self.sandbox.wait_for(self._add(row.page_id))

    def lost(self, notes: Sequence[Note]) -> tuple[list[Label], list[Label]]:
        """The labels that are gone: those lost, and those that were too late."""
        gone = [label for label in self.labels if label.name not in self._shown(label.page_id)]
        late = [label for label in gone if _came_too_late(label, notes)]
        return [label for label in gone if label not in late], late

    async def _add(self, page_id: str) -> None:
        """In the stand-in's own loop and without a pause, so that nothing comes between."""
        name = f"{BY_HAND} {len(self.labels)}"
        shown = [*self._shown(page_id), name]
        self.sandbox.world.update_row(page_id, {STATUS: shown})
        self.labels.append(Label(page_id, name, time.monotonic()))

    def _shown(self, page_id: str) -> Sequence[str]:
        values: Mapping[str, Any] = self.sandbox.world.values_of(page_id)
        names: Sequence[str] = values[STATUS] or ()
        return names


def _came_too_late(label: Label, notes: Sequence[Note]) -> bool:
    """True unless some process looked at the row after the label was added, and then wrote results.

    A write that was on its way already, or whose process had looked before, could not know of it.
    """
    page_id = label.page_id.replace("-", "")
    since = [note for note in notes if note.about == page_id and note.at > label.at]
    looks = {(note.process, note.at) for note in since if note.kind == "look"}
    return not any(
        process == note.process and at < note.at
        for note in since
        if note.kind in {"release", "write"}
        for process, at in looks
    )
