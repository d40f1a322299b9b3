"""What a run says at its end: what failed and what to do; what a dry run would do. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flows.summary import SyncSummary, in_words
from tasks.errors import ErrorType
from tasks.tracks import TrackResult, TrackStatus

_NEWEST = 3
_FIRST = 20


def failure_lines(results: Iterable[TrackResult]) -> list[str]:
    """The failures by class, the most frequent first: the three newest, and each remedy once,
    below those it is for.
    """
    by_class: defaultdict[ErrorType, list[TrackResult]] = defaultdict(list)
    for result in results:
        if result.is_failure:
            by_class[result.error_type or ErrorType("Unknown_Error")].append(result)
    lines: list[str] = []
    for error, failed in sorted(by_class.items(), key=lambda item: -len(item[1])):
        lines.append(f"   {error} ({len(failed)}): {error.meaning}")
        lines += _failures(failed)
    return lines


def _failures(failed: Sequence[TrackResult]) -> list[str]:
    """Those of one class."""
    by_remedy: defaultdict[str, list[str]] = defaultdict(list)
    for one in failed[-_NEWEST:]:
        by_remedy[one.remedy or ""].append(f"      {one.label}: {one.error_message}")
    if len(failed) > _NEWEST:
        last = next(reversed(by_remedy.values()))
        last.append(f"      ... and {len(failed) - _NEWEST} more in the report")
    lines = []
    for remedy, some in by_remedy.items():
        lines += [*some, f"      What to do: {remedy}"] if remedy else some
    return lines


def dry_run_lines(summary: SyncSummary) -> list[str]:
    """Every row and its reason, by what would be done: the first twenty of each, and how many."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for result in summary.results:
        head, row = _planned(result)
        groups[head].append(f"      {result.label}: {row}" if row else f"      {result.label}")
    lines: list[str] = []
    for head, rows in groups.items():
        lines.append(f"   {head} ({len(rows)}):")
        lines += rows[:_FIRST]
        if len(rows) > _FIRST:
            lines.append(f"      ... and {len(rows) - _FIRST} more in results.csv")
    if summary.left:
        lines.append(f"   Left for a later run, beyond the limit ({summary.left})")
    return lines


def _planned(result: TrackResult) -> tuple[str, str]:
    if result.status is not TrackStatus.PENDING:
        return in_words(result.status).capitalize(), result.error_message or result.action
    verb, _, reason = result.action.partition(": ")
    return f"Would {verb}", reason
