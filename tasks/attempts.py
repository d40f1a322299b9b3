"""Failures that will not pass by themselves, and when each row is tried again.

A removed track stays removed: it is tried again after 1, 3, 7 and then every 30 days, not every
night. The journal is this machine's, a line an attempt, so that several processes may write it.
Errors that go away (a broken download, a rate limit, Eagle closed) are not in it: each run tries
again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.errors import ErrorType
from tasks.tracks import Track, TrackResult

__all__ = ["Attempt", "Attempts", "fold"]

_log = logging.getLogger("flows.attempts")

_REST_DAYS = (1, 3, 7, 30)
_LINES_WORTH_FOLDING = 5_000

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
        self._path = path
        self._circumstances = circumstances
        self._today = today or datetime.now().astimezone().date()
        self._known = fold(_read(path))

    def resting(self, track: Track) -> Attempt | None:
        """The row's last attempt, if it is too early for another."""
        last = self._known.get(track.page_id)
        if last is None or last.source != self._source(track) or last.next_try <= self._today:
            return None
        return last

    def knows(self, page_id: str) -> ErrorType | None:
        """The error the row failed with last, None if it did not or was brought in since."""
        last = self._known.get(page_id)
        return last.error if last else None

    def note(self, track: Track, result: TrackResult) -> None:
        """Remember what became of the row, as far as it matters for the next run."""
        if result.error_type is not None and result.error_type.rests:
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
        self._append(line)

    def _source(self, track: Track) -> str:
        """A short hash of what the attempt was made with; the circumstances hold a token."""
        parts = (track.soundcloud_url, track.youtube_url, track.title, self._circumstances)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def _append(self, line: Json) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(line))  # begins anew after one that was cut off
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)


def fold(lines: Iterable[Json], known: Mapping[str, Attempt] | None = None) -> dict[str, Attempt]:
    """The last attempt of each row, by page id; a success, or another source, begins anew."""
    found = dict(known or {})
    for line in lines:
        page_id = str(line["page_id"])
        last = found.pop(page_id, None)
        if not line["error"]:
            continue
        source, error = str(line["source"]), ErrorType(line["error"])
        again = last is not None and (last.source, last.error) == (source, error)
        count = last.count + 1 if last is not None and again else 1
        rest = _REST_DAYS[min(count, len(_REST_DAYS)) - 1]
        next_try = date.fromisoformat(line["on"]) + timedelta(days=rest)
        found[page_id] = Attempt(source, error, count, next_try)
    return found


def _read(path: Path) -> list[Json]:
    """The journal's lines, without one that was cut off by a crash."""
    try:
        texts = [text for text in path.read_text("utf-8").splitlines() if text]
    except OSError:
        return []
    lines = [line for text in texts if (line := _parsed(text)) is not None]
    if len(texts) > _LINES_WORTH_FOLDING:
        lines = _shortened(path, lines)
    return lines


def _parsed(text: str) -> Json | None:
    try:
        line: Json = json.loads(text)
        fold([line])
    except (ValueError, KeyError, TypeError):
        return None
    return line


def _shortened(path: Path, lines: list[Json]) -> list[Json]:
    """The lines of rows that still fail, written in place of all of them."""
    open_rows = fold(lines)
    kept = [line for line in lines if line["page_id"] in open_rows]
    if len(kept) * 2 < len(lines):
        fresh = path.with_suffix(".new")
        try:
            fresh.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")
            fresh.replace(path)
        except OSError as error:
            _log.debug("%s was not shortened: %s", path, error)
    return kept
