"""The end of every run, in one place: closing lines, report, hook, notification.

Without Prefect: a run may end before that is there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from flows.reporting.closing_lines import dry_run_lines, failure_lines
from flows.reporting.files import write_report, write_summary
from flows.reporting.hooks import after_run
from flows.reporting.notification import notify
from flows.session.run_state import RunState, ended_runs
from flows.settings import Settings
from flows.summary import LOOK_ALIKES_SHOWN, LookAlike, SyncSummary
from tasks.dedupe.suggestions import look_alikes
from tasks.shown_text import counted
from tasks.tracks import Track

_log = logging.getLogger("flows.library_sync")


async def close_run(
    settings: Settings, state: RunState, summary: SyncSummary, *, title: str, began: float
) -> SyncSummary:
    """The summary as it ends, said, told and kept on this machine.

    `began` is a time of `monotonic()`. Nothing that fails here fails the run.
    """
    alike = await asyncio.to_thread(find_look_alikes, state.kept_apart)
    if alike:
        pairs = counted(len(alike), "pair") + " of rows"
        state.note(f"Rows that look alike were left apart ({pairs}): see the report.")
    summary = replace(
        summary,
        duration_seconds=monotonic() - began,
        warnings=state.warnings,
        look_alikes=alike,
    )
    say_end(title, summary)
    keep = settings.keep_runs
    written = await asyncio.to_thread(write_report, state.folder, summary, keep=keep)
    say_where(state.folder)
    await after_run(settings, state, summary)
    await notify(settings, state, summary)
    if state.warnings != summary.warnings:
        summary = replace(summary, warnings=state.warnings)
        if written:
            await asyncio.to_thread(write_summary, state.folder, summary)
    ended_runs.get([]).append(summary)
    return summary


def say_end(title: str, summary: SyncSummary) -> None:
    """The closing lines, what needs a person before the numbers."""
    if summary.dry_run:
        _say_all("WHAT WOULD BE DONE", dry_run_lines(summary))
    _say_all("FAILED, AND WHAT TO DO", failure_lines(summary.results))
    _log.info("%s", title)
    for line in summary.lines():
        _log.info("%s", line)
    for warning in summary.warnings:
        _log.info("   Note: %s", warning)


def _say_all(title: str, lines: Sequence[str]) -> None:
    for line in [title, *lines] if lines else ():
        _log.info("%s", line)


def say_where(folder: Path) -> None:
    """Where the report is, if this run left one."""
    page = folder / "report.html"
    if page.is_file():
        _log.info("   Report: %s", _from_home(page))


def _from_home(path: Path) -> str:
    """A path as short as a shell takes it."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):  # it is elsewhere, or this user has no home
        return str(path)


def find_look_alikes(tracks: Sequence[Track]) -> tuple[LookAlike, ...]:
    """The 30 most alike pairs among `tracks`, rows that nothing exact joins."""
    rows = {track.page_id: track for track in tracks if track.title}
    titles = {page_id: track.label for page_id, track in rows.items()}
    return tuple(
        LookAlike(
            one=titles[pair.one],
            other=titles[pair.other],
            why="the titles say the same" if pair.certain else f"{pair.likeness:.0%} alike",
            one_url=rows[pair.one].page_url,
            other_url=rows[pair.other].page_url,
        )
        for pair in look_alikes(titles, at_most=LOOK_ALIKES_SHOWN)
    )
