"""A run's numbers, its verdict, and how it reads: on a terminal, as JSON, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

from tasks.shown_text import counted
from tasks.tracks import TrackResult, TrackStatus

LOOK_ALIKES_SHOWN = 30
SHARE = "share"
"""The mode of a run that does one worker's part of a distributed run."""


class ReturnCode(IntEnum):
    """How a run ended, as the command's exit code."""

    PROCESSED = 0
    FAILED = 1
    NOTHING_TO_DO = 2
    WRONG_USAGE = 64
    WRONG_CONFIGURATION = 78
    STOPPED_BY_CTRL_C = 130
    STOPPED_BY_SIGTERM = 143

    @property
    def meaning(self) -> str:
        """One line for a person, as printed in the README's table."""
        return _MEANINGS[self]


_MEANINGS = {
    ReturnCode.PROCESSED: "Success (at least some tracks processed)",
    ReturnCode.FAILED: "Complete failure (errors, no tracks processed)",
    ReturnCode.NOTHING_TO_DO: "No tracks processed (library may be up to date)",
    ReturnCode.WRONG_USAGE: "Wrong command line",
    ReturnCode.WRONG_CONFIGURATION: "A configuration that cannot work; the message says what to do",
    ReturnCode.STOPPED_BY_CTRL_C: "Stopped by Ctrl-C; what is finished stays, the next run goes on",
    ReturnCode.STOPPED_BY_SIGTERM: "Stopped by SIGTERM, in the same way",
}

_COUNTED = {
    "processed": (TrackStatus.PROCESSED,),
    "failed": (TrackStatus.FAILED, TrackStatus.ERROR),
    "skipped_locked": (TrackStatus.SKIPPED_LOCKED,),
    "skipped_done": (TrackStatus.SKIPPED_ALREADY_DONE,),
    "skipped_duplicate": (TrackStatus.SKIPPED_DUPLICATE,),
    "skipped_no_source": (TrackStatus.SKIPPED_NO_SOURCE,),
    "skipped_not_due": (TrackStatus.SKIPPED_NOT_DUE,),
}
_LEFT = "left for a later run"
_IN_WORDS = {
    "brought in": (TrackStatus.PROCESSED,),
    "would be brought in": (TrackStatus.PENDING,),
    "failed": (TrackStatus.FAILED, TrackStatus.ERROR),
    "tried again later": (TrackStatus.SKIPPED_NOT_DUE,),
    "taken or edited meanwhile": (TrackStatus.SKIPPED_LOCKED,),
    "without a source": (TrackStatus.SKIPPED_NO_SOURCE,),
    "a duplicate": (TrackStatus.SKIPPED_DUPLICATE,),
    "done already": (TrackStatus.SKIPPED_ALREADY_DONE,),
}
_FAILURES_FIRST = (
    TrackStatus.ERROR,
    TrackStatus.FAILED,
    TrackStatus.SKIPPED_NO_SOURCE,
    TrackStatus.SKIPPED_NOT_DUE,
    TrackStatus.SKIPPED_LOCKED,
    TrackStatus.SKIPPED_DUPLICATE,
    TrackStatus.PROCESSED,
    TrackStatus.SKIPPED_ALREADY_DONE,
)


@dataclass(frozen=True, kw_only=True)
class LookAlike:
    """Two rows by name and page address; `why` says how alike their titles are."""

    one: str
    other: str
    why: str
    one_url: str = ""
    other_url: str = ""


@dataclass(frozen=True, kw_only=True)
class SyncSummary:
    """What a run found and did. `found` counts the rows that match the filter."""

    mode: str
    track_filter: str
    found: int = 0
    results: Sequence[TrackResult] = ()
    duration_seconds: float = 0.0
    stale_locks_cleared: int = 0
    eagle_items_cached: int = 0
    warnings: tuple[str, ...] = ()
    look_alikes: tuple[LookAlike, ...] = ()
    error: str = ""
    dry_run: bool = False
    _statuses: Counter[TrackStatus] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counted = Counter(result.status for result in self.results)
        object.__setattr__(self, "_statuses", counted)

    def count(self, name: str) -> int:
        """The number of results counted as `name`, one of the summary's lines."""
        return sum(self._statuses[status] for status in _COUNTED[name])

    @property
    def planned(self) -> int:
        """Tracks that a dry run would work on."""
        return self._statuses[TrackStatus.PENDING]

    @property
    def counts(self) -> dict[str, int]:
        """All counts, `found` first."""
        return {"found": self.found} | {name: self.count(name) for name in _COUNTED}

    @property
    def return_code(self) -> ReturnCode:
        """The one place where a run's numbers become its exit code."""
        if self.count("processed") or self.planned:
            return ReturnCode.PROCESSED
        if self.error or self.count("failed"):
            return ReturnCode.FAILED
        return ReturnCode.NOTHING_TO_DO

    @property
    def failures_first(self) -> list[TrackResult]:
        """The results, those a person must look at before the rest."""
        rank = {status: place for place, status in enumerate(_FAILURES_FIRST)}
        return sorted(self.results, key=lambda result: rank.get(result.status, len(rank)))

    @property
    def failures(self) -> list[TrackResult]:
        """The results that failed, those nobody foresaw first."""
        return [result for result in self.failures_first if result.is_failure]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable summary, as `--json` writes it."""
        return {
            "return_code": int(self.return_code),
            "mode": self.mode,
            "filter": self.track_filter,
            "counts": self.counts,
            "duration_seconds": round(self.duration_seconds, 1),
            "stale_locks_cleared": self.stale_locks_cleared,
            "eagle_items_cached": self.eagle_items_cached,
            "warnings": list(self.warnings),
            "look_alikes": [asdict(pair) for pair in self.look_alikes],
            "error": self.error or None,
            "dry_run": self.dry_run,
            "tracks": [result.to_dict() for result in self.results],
        }

    @property
    def left(self) -> int:
        """Rows that match the filter and that this run did not come to."""
        return max(0, self.found - len(self.results))

    @property
    def outcomes(self) -> dict[str, int]:
        """What became of the rows that were found, in words; the numbers add up to `found`."""
        words = {word: self._count_of(statuses) for word, statuses in _IN_WORDS.items()}
        return {word: number for word, number in (words | {_LEFT: self.left}).items() if number}

    def _count_of(self, statuses: Sequence[TrackStatus]) -> int:
        return sum(self._statuses[status] for status in statuses)

    @property
    def headline(self) -> str:
        """What happened, in one line for a person."""
        done, failed = self.count("processed"), self.count("failed")
        if self.dry_run:
            return f"Dry run: {counted(self.planned, 'track')} would be brought in"
        if done:
            said = f"{counted(done, 'track')} brought in"
            return f"{said}, {failed} failed" if failed else said
        if self.error:
            return "The run stopped before its end"
        return f"{counted(failed, 'track')} failed" if failed else "Nothing to do"

    def lines(self) -> list[str]:
        """The closing lines: what was found, and what became of it."""
        done = ("Would process:", self.planned)
        rows = [
            ("Total Found:", self.found),
            done if self.dry_run else ("Processed:", self.count("processed")),
            ("Failed:", self.count("failed")),
            ("Skipped (locked):", self.count("skipped_locked")),
            ("Skipped (done):", self.count("skipped_done")),
        ]
        rows += [
            (f"Skipped ({label}):", number)
            for label in ("duplicate", "no source", "not due")
            if (number := self.count(f"skipped_{label.replace(' ', '_')}"))
        ]
        if self.left:
            rows.append(("Left for later:", self.left))
        return [f"   {label:<20} {number}" for label, number in rows] + [
            f"   {'Duration:':<20} {self.duration_seconds:.1f}s"
        ]


def in_words(status: TrackStatus) -> str:
    """What a status means, for a person."""
    return next(word for word, statuses in _IN_WORDS.items() if status in statuses)
