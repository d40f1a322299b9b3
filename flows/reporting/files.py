"""What every run leaves on this machine: summary.json, results.csv, run.log, report.html.

A run that found nothing to do leaves its summary alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from flows.reporting.html_page import Link, bars, page, paragraph, section, table
from flows.reporting.run_folders import prune_runs
from flows.summary import LookAlike, ReturnCode, SyncSummary
from tasks.disk.private import open_private, private_folder
from tasks.disk.whole_files import write_whole
from tasks.tracks import TrackResult, TrackStatus

__all__ = ["run_log", "spreadsheet_safe", "write_report", "write_summary"]

_log = logging.getLogger("flows.reports")

_LOGGERS = ("flows", "tasks")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_COLUMNS = (
    "status", "artist", "title", "error_type", "error_message", "remedy", "action",
    "eagle_item_id", "eagle_aiff_item_id", "wav", "aiff", "playlist_wav", "duration_seconds",
    "bpm", "key", "fingerprint", "processing_time_seconds", "source_url", "page_url", "page_id",
    "dedupe_keeper_id",
)  # fmt: skip

_folder: ContextVar[Path | None] = ContextVar("run_log_folder", default=None)


@asynccontextmanager
async def run_log(folder: Path) -> AsyncIterator[None]:
    """Write the project's log records of this run, and of no other, into `folder`/run.log."""
    token = _folder.set(folder)
    handler = _RunLog(folder)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()
        _folder.reset(token)


class _RunLog(logging.FileHandler):
    """Opened at the first record; a disk that refuses it costs the log, never the run."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "run.log", encoding="utf-8", delay=True)
        self._run = folder
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if _folder.get() != self._run:
            return
        try:
            private_folder(self._run)
            super().emit(record)
        except OSError:
            self.setLevel(logging.CRITICAL + 1)

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=open_private)

    def close(self) -> None:
        with suppress(OSError):  # what a full disk did not take
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  (logging's name)
        self.setLevel(logging.CRITICAL + 1)


def write_report(folder: Path, summary: SyncSummary, *, keep: int) -> bool:
    """Leave the run's report in `folder`, and keep the newest `keep` runs; True if it was written.

    Never raises: a full disk is a line in the log.
    """
    try:
        write_summary(folder, summary)
        if _had_nothing_to_do(summary):
            (folder / "run.log").unlink(missing_ok=True)
        else:
            write_whole(folder / "report.html", report_page(folder.name, summary))
            _write_csv(folder / "results.csv", summary.failures_first)
        prune_runs(folder.parent.parent, keep)
    except OSError as error:
        _log.warning("The run's report could not be written to %s: %s", folder, error)
        return False
    return True


def write_summary(folder: Path, summary: SyncSummary) -> None:
    """summary.json alone, whole or not at all. Raises OSError."""
    text = json.dumps({"run": folder.name} | summary.to_dict(), indent=1, ensure_ascii=False)
    write_whole(folder / "summary.json", text + "\n")


def _had_nothing_to_do(summary: SyncSummary) -> bool:
    return summary.return_code is ReturnCode.NOTHING_TO_DO and not summary.error


def _write_csv(path: Path, results: Sequence[TrackResult]) -> None:
    import pandas as pd  # noqa: PLC0415  (half a second, not for a run that did nothing)

    frame = pd.DataFrame([_row(result) for result in results], columns=list(_COLUMNS))
    write_whole(path, "\ufeff" + frame.to_csv(index=False))  # the mark by which Excel knows UTF-8


def _row(result: TrackResult) -> dict[str, Any]:
    plain = result.to_dict()
    plain |= plain.pop("file_paths")
    return {
        name: spreadsheet_safe(value) if isinstance(value, str) else value
        for name, value in plain.items()
    }


def spreadsheet_safe(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula: an apostrophe before it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def report_page(name: str, summary: SyncSummary) -> str:
    """The run as one HTML page, what needs a person first."""
    code = summary.return_code
    numbers = {what.replace("_", " "): n for what, n in summary.counts.items()}
    facts = (
        f"Filter {summary.track_filter}, return code {int(code)}, "
        f"{summary.duration_seconds:.1f} seconds, run {name}."
    )
    failures = [r for r in summary.results if r.status in {TrackStatus.FAILED, TrackStatus.ERROR}]
    error = [paragraph(f"The run stopped: {summary.error}")] if summary.error else []
    return page(
        f"{summary.mode}: {code.meaning}",
        paragraph(facts),
        *error,
        *(paragraph(f"Note: {warning}") for warning in summary.warnings),
        section("Counts", bars(numbers, bad=["failed"])),
        section("What failed, and what to do", _failures(failures)),
        *_look_alikes(summary.look_alikes),
        section("Every track", _all_tracks(summary.failures_first)),
    )


def _failures(failures: Sequence[TrackResult]) -> str:
    head = ("Track", "Error", "What happened", "What to do")
    rows = [(_track(r), r.error_type or "", r.error_message, r.remedy) for r in failures]
    return table(head, rows)


def _look_alikes(pairs: Sequence[LookAlike]) -> list[str]:
    """The pairs that a person may join; none, no section."""
    rows = [(Link(p.one, p.one_url), Link(p.other, p.other_url), p.why) for p in pairs]
    head = ("Row", "Looks like", "Why")
    return [section("Look alike, left apart", table(head, rows))] if rows else []


def _all_tracks(results: Sequence[TrackResult]) -> str:
    head = ("Track", "Status", "What was done or why not", "Eagle id", "Seconds", "Source")
    rows = [
        (
            _track(r),
            r.status.value.replace("_", " "),
            r.error_message or r.action,
            r.eagle_item_id,
            round(r.processing_time_seconds, 1),
            Link("source", r.source_url) if r.source_url else "",
        )
        for r in results
    ]
    return table(head, rows)


def _track(result: TrackResult) -> Link:
    return Link(result.label, result.page_url)
