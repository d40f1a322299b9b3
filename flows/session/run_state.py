"""What a run is about, and what it has found out so far."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from flows.progress.terminal import Display
from flows.progress.transfers import Transfers
from flows.session.head_start import HeadStart
from flows.summary import SyncSummary
from tasks.errors import SyncError
from tasks.notion.schema import Schema
from tasks.tracks import Track, TrackFilter, TrackResult

_log = logging.getLogger("flows.session")

ended_runs: ContextVar[list[SyncSummary]] = ContextVar("ended_runs")
"""Where a starter may collect summaries: Prefect's server can fail after the work is done."""

stopped_runs: ContextVar[list[SyncSummary]] = ContextVar("stopped_runs")
"""The same for what is known of runs that are stopped: nobody returns their summaries."""


@dataclass(kw_only=True)
class RunState:
    """One run: its rows, the rows left apart, what it warns of, what stopped it.

    `folder` is where its report goes. `only_pages` are the rows it is restricted to (None: all).
    `brought` are rows that following has just made: a listing may not show them yet.
    `playlists_left` says that rows have left playlists, so that exports are out of date.
    `listed` counts the rows of its listing, `machines` are the others that hold rows now,
    `work` the tracks in work or waiting for it.
    `finished` has each result as it comes, for a run that is stopped before its end.
    `schema_now` is the schema, where it was changed during the run and had to be read again.
    """

    folder: Path
    track_filter: TrackFilter = TrackFilter.UNPROCESSED
    retries_failed: bool = False
    only_pages: frozenset[str] | None = None
    brought: frozenset[str] = frozenset()
    playlists_left: bool = False
    listed: int = 0
    machines: frozenset[str] = frozenset()
    schema_now: Schema | None = None
    kept_apart: list[Track] = field(default_factory=list)
    finished: dict[str, TrackResult] = field(default_factory=dict)
    stopped_by: SyncError | None = None
    warnings: tuple[str, ...] = ()
    display: Display | None = None
    work: Sequence[Track] = ()
    transfers: Transfers = field(default_factory=Transfers)
    head_start: HeadStart = field(default_factory=HeadStart)

    @property
    def run_id(self) -> str:
        """Eight hexadecimal digits, the end of the folder's name."""
        return self.folder.name[-8:]

    def stop(self, error: SyncError) -> None:
        """Begin no further track: what happened would happen to each of them."""
        if self.stopped_by is None:
            self.stopped_by = error

    def note(self, sentence: str) -> None:
        """Say something in the summary alone, which is said next."""
        if sentence not in self.warnings:
            self.warnings += (sentence,)

    def warn(self, sentence: str) -> None:
        """Say something once: in the log now, and again in the summary."""
        if sentence not in self.warnings:
            self.note(sentence)
            _log.warning("%s", sentence)


def new_run_folder(state_dir: Path) -> Path:
    """Where a run that begins now leaves its report; it is made when something is written."""
    return state_dir / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:8]}"
