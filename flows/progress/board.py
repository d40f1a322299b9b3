"""A run in progress as it is seen: log lines, a picture on a terminal, an artifact."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from flows.prefect_server.outage import Outage, record_gap
from flows.progress.terminal import Display
from flows.progress.transfers import Transfers
from flows.summary import in_words
from tasks.shown_text import counted
from tasks.tracks import Track, TrackResult, TrackStatus

if TYPE_CHECKING:
    from rich.console import RenderableType

_log = logging.getLogger("flows.progress")
_SECONDS_BETWEEN_UPDATES = 2.0


class Board:
    """Counts of a run in progress; `on_result` gets each result as it comes.

    `pause` says for which service the run waits, "" while it goes on.
    """

    def __init__(
        self,
        total: int,
        display: Display | None,
        transfers: Transfers,
        on_result: Callable[[TrackResult], Awaitable[None]] | None,
        pause: Callable[[], str] = str,
    ) -> None:
        self._pause = pause
        self._on_result = on_result
        self._transfers = transfers
        self._total = total
        self._display = display
        self._counts: Counter[TrackStatus] = Counter()
        self._began = monotonic()
        self._begun = 0
        self.outage = Outage()
        self._artifact = ProgressArtifact(self.outage)

    @property
    def _done(self) -> int:
        return self._counts.total()

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show the board for as long as the block lasts; on a terminal it moves by itself."""
        await self._artifact.start()
        if self._display is not None:
            self._display.show(self.picture)
        try:
            yield
        finally:
            if self._display is not None:
                self._display.clear()

    def begin(self, track: Track) -> None:
        """A track's turn has come."""
        self._begun = min(self._begun + 1, self._total)
        self._transfers.begin(track.page_id, track.label)
        _log.info("[%d/%d] Processing: %s", self._begun, self._total, track.byline)

    async def count(self, result: TrackResult) -> None:
        """A track is done with."""
        self._counts[result.status] += 1
        self._transfers.end(result.page_id)
        if result.error_message:
            said = f"{result.error_type}: {result.error_message}"
            _log.warning("%s: %s", result.label, said)
        else:
            seconds = result.processing_time_seconds
            _log.info("   %s: %s (%.1fs)", in_words(result.status), result.label, seconds)
        await self._artifact.show(self._done, self._total)
        if self._on_result is not None:
            await self._on_result(result)

    def take_back(self, status: TrackStatus, number: int) -> None:
        """So many results of a status are asked for once more."""
        self._counts[status] -= number
        self._begun -= number

    def picture(self, width: int) -> RenderableType:
        """The run as it is now, for a terminal of `width` characters."""
        from flows.progress.picture import RunSeen, picture  # noqa: PLC0415  (for a terminal alone)

        elapsed = monotonic() - self._began
        left = elapsed / self._done * (self._total - self._done) if self._done else None
        seen = RunSeen(
            done=self._done,
            total=self._total,
            counts=dict(self._in_words()),
            seconds_left=left,
            megabytes=self._transfers.megabytes(),
            pause=self._pause(),
        )
        return picture(seen, self._transfers.in_work(), width)

    def _in_words(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for status, number in list(self._counts.items()):
            counts[in_words(status)] += number
        return counts


class ProgressArtifact:
    """A progress artifact, updated now and then rather than at every track."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage
        self._artifact: UUID | None = None
        self._updated_at = 0.0

    async def start(self) -> None:
        """Create the bar at 0 %."""
        with record_gap("the progress bar", self._outage):
            self._artifact = await acreate_progress_artifact(0.0, description="Tracks done")

    async def show(self, done: int, total: int) -> None:
        """Move the bar; quietly skipped when the last update was a moment ago."""
        now = time.monotonic()
        due = done == total or now - self._updated_at >= _SECONDS_BETWEEN_UPDATES
        if self._artifact is None or not due or self._outage.lasts:
            return
        self._updated_at = now
        percent = 100.0 * done / max(1, total)
        with record_gap("the progress", self._outage):
            await aupdate_progress_artifact(
                self._artifact, percent, description=f"{done} of {counted(total, 'track')}"
            )
