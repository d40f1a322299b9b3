"""What is written down of merges: every change before it is made, so that `undo` can take it back;
and the pairs of rows that a person has said are no duplicates, never merged again. An undone merge
is such a decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.errors import DedupeError, FileError

THE_PAGE = ""
"""The `field` of a change to the page itself: in the trash (True), or not."""
Value = str | float | bool | list[str] | None
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one page, before and after; values as plain JSON. `at` is UTC, ISO 8601.

    The field is a property's name, or `THE_PAGE`; `property_id` stays when the property is renamed.
    `partner` is the page it was merged with.
    """

    page_id: str
    field: str
    before: Value
    after: Value
    at: str = ""
    property_id: str = ""
    title: str = ""
    partner: str = ""
    partner_title: str = ""

    @property
    def key(self) -> str:
        """What Notion is asked by."""
        return self.property_id or self.field


class MergeJournal:
    """An append-only file of changes, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = Journal(path)

    def record(self, change: Change) -> None:
        """Write the change to disk; returns only when it is there, so call it before the change.

        Raises DedupeError if it cannot be written: then the change must not be made.
        """
        try:
            self._journal.record(
                asdict(change) | {"at": change.at or datetime.now(UTC).isoformat()}
            )
        except FileError as error:
            raise DedupeError(
                f"The journal cannot be kept, so nothing was merged: {error}", remedy=error.remedy
            ) from error

    def read(self) -> list[Change]:
        """All changes, oldest first; empty if there were none.

        A line that is no change is left out, and said: each is proven before it is taken back.
        Raises FileError if the disk fails.
        """
        return self._journal.read(lambda entry: Change(**entry))


def taken_back(changes: Iterable[Change]) -> list[Change]:
    """The changes that undo `changes`: newest first, before and after exchanged."""
    return [replace(made, before=made.after, after=made.before) for made in reversed(list(changes))]


class Decisions:
    """The pairs to keep apart, by page id, read once a run."""

    def __init__(self, state_dir: Path) -> None:
        self._journal = Journal(state_dir / "not-duplicates.jsonl")
        loss = "Merges that were undone may be made again."
        self._apart = set(self._journal.read_or_lose(_pair, loss))

    def are_apart(self, one: str, other: str) -> bool:
        """True if somebody said that the two rows are no duplicates."""
        return frozenset((one, other)) in self._apart

    def keep_apart(self, pairs: Iterable[Pair]) -> None:
        """Remember them. Raises FileError if they cannot be written."""
        fresh = {frozenset(pair) for pair in pairs} - self._apart
        on = datetime.now(UTC).date().isoformat()
        self._journal.record(*({"rows": sorted(pair), "on": on} for pair in fresh))
        self._apart |= fresh


def _pair(entry: dict[str, Any]) -> frozenset[str]:
    one, other = entry["rows"]
    return frozenset((str(one), str(other)))
