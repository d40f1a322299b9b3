"""What every run leaves on this machine: summary.json, results.csv, run.log, report.html.

A run that found nothing to do leaves its summary alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from io import TextIOWrapper
from pathlib import Path

from flows.reporting.report_page import report_page
from flows.reporting.run_folders import FINISHED, note_end, prune_runs
from flows.reporting.spreadsheet import results_csv
from flows.summary import ReturnCode, SyncSummary
from tasks.disk.private import open_private, private_folder
from tasks.disk.whole_files import write_whole

_log = logging.getLogger("flows.reports")

_LOGGERS = ("flows", "tasks")
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
    """Opened at the first record. If the disk refuses it, there is no log; the run goes on."""

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


def write_report(folder: Path, summary: SyncSummary, *, keep: int, ended: str = FINISHED) -> bool:
    """Leave the run's report in `folder`, and keep the newest `keep` runs; True if it was written.

    Never raises: a full disk is a line in the log.
    """
    try:
        write_summary(folder, summary)
        note_end(folder, summary, ended)
        if _had_nothing_to_do(summary):
            (folder / "run.log").unlink(missing_ok=True)
        else:
            write_whole(folder / "report.html", report_page(folder.name, summary))
            write_whole(folder / "results.csv", results_csv(summary.failures_first))
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
