"""Every change of a merge, written down before it is made, so that `undo` can take it back."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tasks.errors import DedupeError

__all__ = ["THE_PAGE", "Change", "MergeJournal", "taken_back"]

THE_PAGE = ""
"""The `field` of a change to the page itself: in the trash (True), or not."""

Value = str | float | bool | list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one page, before and after; values as plain JSON. `at` is UTC, ISO 8601.

    The field is a property's name, or `THE_PAGE`; `property_id` stays when the property is renamed.
    """

    page_id: str
    field: str
    before: Value
    after: Value
    at: str = ""
    property_id: str = ""

    @property
    def key(self) -> str:
        """What Notion is asked by."""
        return self.property_id or self.field


class MergeJournal:
    """An append-only file of changes, one JSON object a line; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._appended = False

    def record(self, change: Change) -> None:
        """Write the change to disk; returns only when it is there, so call it before the change.

        Raises DedupeError if it cannot be written: then the change must not be made.
        """
        entry = asdict(change) | {"at": change.at or datetime.now(UTC).isoformat()}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        try:
            with self._guard:
                self._append(line)
        except OSError as error:
            raise DedupeError(
                f"The journal {self.path} cannot be written ({error.strerror}): nothing was merged",
                remedy="Free space or correct the folder's permissions, then run again.",
            ) from error

    def read(self) -> list[Change]:
        """All changes, oldest first; empty if there were none.

        A last line cut short by a crash is left out: its change was never made. Raises DedupeError
        for any other line that is no change.
        """
        if not self.path.exists():
            return []
        *lines, _torn = self.path.read_text("utf-8").split("\n")
        return [self._parse(number, line) for number, line in enumerate(lines, 1)]

    def _append(self, line: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as out:
            if not self._appended:
                _drop_torn_line(out)
            out.write(line.encode())
            out.flush()
            os.fsync(out.fileno())
        self._appended = True

    def _parse(self, number: int, line: str) -> Change:
        try:
            return Change(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise DedupeError(
                f"Line {number} of {self.path} is no journal entry; nothing was taken back.",
                remedy="Look at that line; remove it if a crash cut it short.",
            ) from error


def _drop_torn_line(journal: BinaryIO) -> None:
    journal.seek(0)
    journal.truncate(journal.read().rfind(b"\n") + 1)


def taken_back(changes: Iterable[Change]) -> list[Change]:
    """The changes that undo `changes`: newest first, before and after exchanged."""
    return [replace(made, before=made.after, after=made.before) for made in reversed(list(changes))]
