"""The folders of runs, `LIBRARY_SYNC_STATE/runs/<time>-<id>/`: which there are, which may go.

`run.json` says what a run is about as soon as it begins, and how it ended: a run that was killed
has a beginning and no end.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.summary import ReturnCode, SyncSummary
from tasks.disk.strict_json import parse_json
from tasks.disk.whole_files import NO_ENTRY, write_whole

_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
_OURS = ("run.json", "summary.json", "results.csv", "run.log", "report.html", "merges.jsonl")
_DAY = 24 * 3600.0
_UNDO_DAYS = 90
_LONGEST_RUN_DAYS = 7
_DRY_RUNS = 5

FINISHED, STOPPED, KILLED, AT_WORK = "finished", "stopped", "killed", "at work"
_ENDS = {FINISHED, STOPPED}


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run: its folder's name, its mode and filter, its numbers, and how it ended.

    `errors` counts its failures by class.
    """

    name: str
    mode: str
    track_filter: str
    return_code: int | None
    counts: Mapping[str, int]
    duration_seconds: float
    dry_run: bool = False
    ended: str = FINISHED
    errors: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Mode and filter, and what is out of the ordinary."""
        marks = ["dry run"] * self.dry_run + [self.ended] * (self.ended != FINISHED)
        return f"{self.mode} {self.track_filter}" + (f" ({', '.join(marks)})" if marks else "")

    @property
    def is_idle(self) -> bool:
        """True if it ended in order and found nothing to do."""
        return self.ended == FINISHED and self.return_code == ReturnCode.NOTHING_TO_DO

    def sentence(self) -> str:
        """One line for a person."""
        if self.ended == KILLED:
            after = f"{self.duration_seconds:.0f} s"
            return f"{began(self.name)}  {self.kind}: its log ends after {after}"
        numbers = [f"{n} {what.replace('_', ' ')}" for what, n in self.counts.items() if n]
        said = ", ".join(numbers) or ("nothing to do" if self.is_idle else "no numbers")
        return f"{began(self.name)}  {self.kind}: {said}, {self.duration_seconds:.0f} s"


def began(name: str) -> str:
    """`2026-11-25 03:00`, when the run of this folder began, in local time; "" if it says none."""
    try:
        return f"{datetime.strptime(name[:15], '%Y%m%d-%H%M%S'):%Y-%m-%d %H:%M}"  # noqa: DTZ007  (local)
    except ValueError:
        return ""


def note_beginning(folder: Path, summary: SyncSummary) -> None:
    """Say what the run is about, before it does anything. Never raises."""
    with suppress(OSError):
        note_end(folder, summary, AT_WORK)


def note_end(folder: Path, summary: SyncSummary, ended: str = FINISHED) -> None:
    """Say how the run ended, and its numbers. Raises OSError."""
    errors = Counter(str(one.error_type) for one in summary.results if one.error_message)
    known = {
        "mode": summary.mode,
        "filter": summary.track_filter,
        "return_code": None if ended == AT_WORK else int(summary.return_code),
        "counts": {} if ended == AT_WORK else _counts(summary),
        "duration_seconds": round(summary.duration_seconds, 1),
        "dry_run": summary.dry_run,
        "ended": ended,
        "errors": dict(errors),
        "pid": os.getpid(),
    }
    write_whole(folder / "run.json", json.dumps(known) + "\n")


def _counts(summary: SyncSummary) -> dict[str, int]:
    return summary.counts | ({"planned": summary.planned} if summary.dry_run else {})


def past_runs(state_dir: Path, number: int) -> list[PastRun]:
    """The newest `number` runs, newest first; unreadable ones are left out."""
    found: list[PastRun] = []
    for folder in reversed(_run_folders(state_dir)):
        run = _read(folder)
        if run is not None:
            found.append(run)
        if len(found) == number:
            break
    return found


def prune_runs(state_dir: Path, keep: int) -> None:
    """Remove all but the newest `keep` runs that did or failed something, as many that found
    nothing to do, and a few dry runs: each kind pushes out its own alone.

    A run whose merges may yet be undone stays for 90 days, one without an end for a day: it
    may still be at work. Of a folder only our own files are removed; one that holds others stays.
    """
    most = {"done": keep, "idle": keep, "dry": min(keep, _DRY_RUNS)}
    seen: Counter[str] = Counter()
    for folder in reversed(_run_folders(state_dir)):
        run = _read(folder)
        kind = _kind(run)
        seen[kind] += 1
        if seen[kind] > most[kind] and not _is_needed(folder, run):
            _remove(folder)


def _kind(run: PastRun | None) -> str:
    if run is not None and run.dry_run:
        return "dry"
    return "idle" if run is not None and run.is_idle else "done"


def _run_folders(state_dir: Path) -> list[Path]:
    try:
        folders = [p for p in (state_dir / "runs").iterdir() if _NAME.fullmatch(p.name)]
    except OSError:
        return []
    return sorted(folder for folder in folders if folder.is_dir() and not folder.is_symlink())


def _is_needed(folder: Path, run: PastRun | None) -> bool:
    if _age_days(folder / "merges.jsonl") < _UNDO_DAYS:
        return True
    has_end = (folder / "summary.json").exists() or (run is not None and run.ended in _ENDS)
    return not has_end and _age_days(folder) < 1


def _age_days(path: Path) -> float:
    try:
        return (time.time() - path.stat().st_mtime) / _DAY
    except OSError:
        return float("inf")


def _remove(folder: Path) -> None:
    try:
        for name in _OURS:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        return


def _read(folder: Path) -> PastRun | None:
    """The run as `run.json` has it; of runs before there was one, as `summary.json` has it."""
    for name in ("run.json", "summary.json"):
        try:
            found: dict[str, Any] = parse_json((folder / name).read_bytes())
            run = _run(folder.name, found)
        except (OSError, *NO_ENTRY):
            continue
        if run.ended != AT_WORK or _is_at_work(folder, found):
            return run
        return replace(run, ended=KILLED, duration_seconds=_seconds_at_work(folder))
    return None


def _run(name: str, found: Mapping[str, Any]) -> PastRun:
    code = found["return_code"]
    return PastRun(
        name=name,
        mode=str(found["mode"]),
        track_filter=str(found["filter"]),
        return_code=None if code is None else int(code),
        counts={str(what): int(number) for what, number in found["counts"].items()},
        duration_seconds=float(found["duration_seconds"]),
        dry_run=bool(found.get("dry_run")),
        ended=str(found.get("ended", FINISHED)),
        errors={str(what): int(number) for what, number in found.get("errors", {}).items()},
    )


def _is_at_work(folder: Path, found: Mapping[str, Any]) -> bool:
    """True if the run's process lives; for a week another one with its number looks like it."""
    try:
        os.kill(int(found["pid"]), 0)
    except PermissionError:
        pass
    except (OSError, *NO_ENTRY):
        return False
    return _age_days(folder / "run.json") < _LONGEST_RUN_DAYS


def _seconds_at_work(folder: Path) -> float:
    """From its beginning to the last line of its log."""
    try:
        begun = (folder / "run.json").stat().st_mtime
        return max(0.0, (folder / "run.log").stat().st_mtime - begun)
    except OSError:
        return 0.0
