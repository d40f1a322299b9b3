"""Pairs of rows that a person has said are no duplicates: never merged again.

An undone merge is such a decision. The journal is this machine's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.errors import FileError

_log = logging.getLogger("tasks.dedupe")

Pair = tuple[str, str]


class Decisions:
    """The pairs to keep apart, by page id, read once a run."""

    def __init__(self, state_dir: Path) -> None:
        self._journal = Journal(state_dir / "not-duplicates.jsonl")
        try:
            self._apart = set(self._journal.read(_pair))
        except FileError as error:
            _log.warning("%s Merges that were undone may be made again.", error)
            self._apart = set()

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
