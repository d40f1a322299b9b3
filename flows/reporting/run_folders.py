"""The folders of runs, `LIBRARY_SYNC_STATE/runs/<time>-<id>/`: which there are, which may go."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.disk.strict_json import parse_json
from tasks.disk.whole_files import NO_ENTRY

__all__ = ["PastRun", "past_runs", "prune_runs"]

_NAME = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
_OURS = ("summary.json", "results.csv", "run.log", "report.html", "merges.jsonl")
_DAY = 24 * 3600.0
_UNDO_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that came to its end: its folder's name, its mode and filter, its numbers."""

    name: str
    mode: str
    track_filter: str
    return_code: int
    counts: dict[str, int]
    duration_seconds: float
    dry_run: bool = False

    def sentence(self) -> str:
        """One line for a person."""
        numbers = [f"{n} {what.replace('_', ' ')}" for what, n in self.counts.items() if n]
        kind = f"{self.mode} {self.track_filter}" + (" (dry run)" if self.dry_run else "")
        said = ", ".join(numbers) or "nothing to do"
        return f"{self.name}  {kind}: {said}, {self.duration_seconds:.0f} s"


def past_runs(state_dir: Path, number: int) -> list[PastRun]:
    """The newest `number` runs that left a summary, newest first; unreadable ones are left out."""
    found: list[PastRun] = []
    for folder in reversed(_run_folders(state_dir)):
        run = _read(folder)
        if run is not None:
            found.append(run)
        if len(found) == number:
            break
    return found


def prune_runs(state_dir: Path, keep: int) -> None:
    """Remove all but the newest `keep` runs.

    A run whose merges may yet be undone stays for 90 days, one without a summary for a day: it
    may still be at work. Of a folder only our own files are removed; one that holds others stays.
    """
    for folder in _run_folders(state_dir)[:-keep]:
        if not _is_needed(folder):
            _remove(folder)


def _run_folders(state_dir: Path) -> list[Path]:
    try:
        folders = [p for p in (state_dir / "runs").iterdir() if _NAME.fullmatch(p.name)]
    except OSError:
        return []
    return sorted(folder for folder in folders if folder.is_dir() and not folder.is_symlink())


def _is_needed(folder: Path) -> bool:
    if _age_days(folder / "merges.jsonl") < _UNDO_DAYS:
        return True
    return not (folder / "summary.json").exists() and _age_days(folder) < 1


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
    try:
        found: dict[str, Any] = parse_json((folder / "summary.json").read_bytes())
        return PastRun(
            name=folder.name,
            mode=str(found["mode"]),
            track_filter=str(found["filter"]),
            return_code=int(found["return_code"]),
            counts={str(name): int(number) for name, number in found["counts"].items()},
            duration_seconds=float(found["duration_seconds"]),
            dry_run=bool(found.get("dry_run")),
        )
    except (OSError, *NO_ENTRY):
        return None
