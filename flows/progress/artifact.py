"""A run's progress bar in Prefect's UI."""

from __future__ import annotations

import time
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from flows.prefect_server.outage import Outage, record_gap

_SECONDS_BETWEEN_UPDATES = 2.0


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
                self._artifact, percent, description=f"{done} of {total} tracks"
            )
