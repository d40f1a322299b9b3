"""A run that is stopped leaves what is known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

from flows.reporting.closing import say_end, say_where
from flows.reporting.files import write_report
from flows.reporting.run_folders import STOPPED, note_beginning
from flows.session.run_state import RunState, stopped_runs
from flows.settings import Settings
from flows.summary import SyncSummary

_SAID = "It was stopped; what was finished stays, and the next run goes on with the rest."


@contextmanager
def remembered(settings: Settings, state: RunState, summary: SyncSummary) -> Iterator[None]:
    """Note that the run begins; when it is cancelled, write its report from what is finished."""
    begun = monotonic()
    note_beginning(state.folder, summary)
    try:
        yield
    except asyncio.CancelledError:
        known = replace(
            summary,
            found=max(state.listed, len(state.finished)),
            results=tuple(state.finished.values()),
            warnings=state.warnings,
            error=_SAID,
            duration_seconds=monotonic() - begun,
        )
        stopped_runs.get([]).append(known)
        say_end("STOPPED", known)
        write_report(state.folder, known, keep=settings.keep_runs, ended=STOPPED)
        say_where(state.folder)
        raise
