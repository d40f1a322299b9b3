"""A run in progress as it is seen: log lines, one live line on a terminal, an artifact."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

from flows.prefect_server.outage import Outage
from flows.progress.artifact import ProgressArtifact
from flows.progress.terminal import ProgressLine
from flows.progress.transfers import Transfers
from tasks.tracks import Track, TrackResult, TrackStatus

__all__ = ["Board"]

_log = logging.getLogger("flows.progress")

_REDRAWN_EVERY = 0.5


class Board:
    """Counts of a run in progress; `on_result` is told of each result as it comes.

    `pause` says for which service the run waits, "" while it goes on.
    """

    def __init__(
        self,
        total: int,
        line: ProgressLine | None,
        transfers: Transfers,
        on_result: Callable[[TrackResult], Awaitable[None]] | None,
        pause: Callable[[], str] = str,
    ) -> None:
        self._pause = pause
        self._on_result = on_result
        self._transfers = transfers
        self._total = total
        self._line = line
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
        redrawing = asyncio.create_task(self._redraw_again_and_again())
        try:
            yield
        finally:
            redrawing.cancel()
            if self._line is not None:
                self._line.clear()

    def begin(self, track: Track) -> None:
        """A track's turn has come."""
        self._begun = min(self._begun + 1, self._total)
        name = f"{track.title or 'Untitled'} by {track.artist or 'Unknown'}"
        _log.info("[%d/%d] Processing: %s", self._begun, self._total, name)
        self._redraw()

    async def count(self, result: TrackResult) -> None:
        """A track is done with."""
        self._counts[result.status] += 1
        if result.error_message:
            said = f"{result.error_type}: {result.error_message}"
            _log.warning("%s: %s", result.label, said)
        else:
            seconds = result.processing_time_seconds
            _log.info("   %s: %s (%.1fs)", result.status.value, result.label, seconds)
        self._redraw()
        await self._artifact.show(self._done, self._total)
        if self._on_result is not None:
            await self._on_result(result)

    def take_back(self, status: TrackStatus, number: int) -> None:
        """So many results of a status are asked for once more."""
        self._counts[status] -= number
        self._begun -= number

    async def _redraw_again_and_again(self) -> None:
        while self._line is not None:
            self._redraw()
            await asyncio.sleep(_REDRAWN_EVERY)

    def _redraw(self) -> None:
        if self._line is not None:
            self._line.show(self._text())

    def _text(self) -> str:
        if pause := self._pause():
            return f"[{self._done}/{self._total}] {pause}"
        counts = ", ".join(f"{n} {s.value.replace('_', ' ')}" for s, n in self._counts.items() if n)
        elapsed = monotonic() - self._began
        eta = ""
        if self._done:
            left = elapsed / self._done * (self._total - self._done)
            eta = f" | about {_span(left)} left"
        bytes_so_far = self._transfers.text()
        transfers = f" | {bytes_so_far}" if bytes_so_far else ""
        return f"[{self._done}/{self._total}] {counts or 'starting'}{transfers}{eta}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
