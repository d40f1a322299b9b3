"""Rows that failed, and when each is tried again.

A removed track stays removed: it is tried again after 1, 3, 7 and then every 30 days, not every
night. What may go away (a broken download, damaged media) is tried again by the next run; the same
error from the same source once more waits as well, longer each time. What concerns no single track
(a rate limit, Eagle closed, Notion away, a lock) is not kept. Which is which, the error's class
says. The journal is this machine's, a line an attempt, so that several processes may write it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.errors import ErrorType
from tasks.tracks import Track, TrackResult

_LASTING_DAYS = (1, 3, 7, 30)
_PASSING_DAYS = (0, 1, 3, 7, 14, 30)
_LINES_WORTH_FOLDING = 5_000
_CLOCKS_MAY_DIFFER = timedelta(days=2)

Json = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """How often a row failed from the same source, with what, and when it is tried again."""

    source: str
    error: ErrorType
    count: int
    next_try: date

    def reason(self) -> str:
        """Why the row is not tried today, as a sentence for the user."""
        times = "attempt" if self.count == 1 else "attempts"
        return f"not due before {self.next_try} ({self.error}, {self.count} {times})"


class Attempts:
    """The journal of one machine, read once a run.

    `circumstances` are the settings an outcome may depend on, such as the proxy: when they change,
    as when the row's address or title does, the row is tried at once.
    """

    def __init__(self, path: Path, circumstances: str, today: date | None = None) -> None:
        self._journal = Journal(path)
        self._circumstances = circumstances
        self._today = today or datetime.now().astimezone().date()
        self._known = fold(_read(self._journal, self._today))

    def resting(self, track: Track) -> Attempt | None:
        """The row's last attempt, if it is too early for another."""
        last = self._known.get(track.page_id)
        if last is None or last.source != self._source(track) or last.next_try <= self._today:
            return None
        return last

    def of(self, page_id: str) -> Attempt | None:
        """The row's last failure, None if it did not fail or was brought in since."""
        return self._known.get(page_id)

    def note(self, track: Track, result: TrackResult) -> None:
        """Remember what became of the row, as far as it matters for the next run."""
        if result.error_type is not None and result.error_type.is_about_track:
            error = str(result.error_type)
        elif result.is_success and track.page_id in self._known:
            error = ""
        else:
            return
        line = {
            "page_id": track.page_id,
            "source": self._source(track),
            "error": error,
            "on": self._today.isoformat(),
        }
        self._known = fold([line], self._known)
        self._journal.note(line)

    def _source(self, track: Track) -> str:
        """A short hash of what the attempt was made with; the circumstances hold a token."""
        parts = (track.soundcloud_url, track.youtube_url, track.title, self._circumstances)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def fold(lines: Iterable[Json], known: Mapping[str, Attempt] | None = None) -> dict[str, Attempt]:
    """The last attempt of each row, by page id; a success, or another source, starts over."""
    found = dict(known or {})
    for line in lines:
        page_id = str(line["page_id"])
        last = found.pop(page_id, None)
        if not line["error"]:
            continue
        source, error = str(line["source"]), ErrorType(line["error"])
        again = last is not None and (last.source, last.error) == (source, error)
        count = last.count + 1 if last is not None and again else 1
        days = _LASTING_DAYS if error.is_lasting else _PASSING_DAYS
        rest = days[min(count, len(days)) - 1]
        next_try = date.fromisoformat(line["on"]) + timedelta(days=rest)
        found[page_id] = Attempt(source, error, count, next_try)
    return found


def _entry(line: Json, today: date) -> Json:
    """The line, if it can be folded."""
    if date.fromisoformat(line["on"]) > today + _CLOCKS_MAY_DIFFER:
        raise ValueError("an attempt of days to come")
    fold([line])
    return line


def _read(journal: Journal, today: date) -> list[Json]:
    loss = "Rows that failed before are tried again."
    lines = journal.read_or_lose(lambda line: _entry(line, today), loss)
    if len(lines) > _LINES_WORTH_FOLDING:
        return _shortened(journal, lines)
    return lines


def _shortened(journal: Journal, lines: list[Json]) -> list[Json]:
    """The lines of rows that still fail, written in place of all of them."""
    open_rows = fold(lines)
    kept = [line for line in lines if line["page_id"] in open_rows]
    if len(kept) * 2 < len(lines):
        journal.rewrite(kept)
    return kept
