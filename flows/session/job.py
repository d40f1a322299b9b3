"""What a run is asked for, in the words of its flow's parameters."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from flows.settings import Settings
from tasks.errors import ErrorType
from tasks.tracks import TrackFilter

_OF_EVERY_RUN = {"mode", "title", "in_rounds"}
_OF_A_SYNC = {"retry_failed", "error", "distribute"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run over the rows that match a filter; `mode` is its name in summaries, `title` in the log.

    It lists them all at once, or `in_rounds`. `workers` are tracks at a time (None: as the
    settings say), `distribute` the shares for other machines (None: all is done here).
    """

    mode: str
    title: str
    in_rounds: bool = False
    filter: TrackFilter = TrackFilter.UNPROCESSED
    limit: int | None = None
    parallel: bool = False
    workers: int | None = None
    cleanup: bool = True
    debug: bool = False
    dry_run: bool = False
    retry_failed: bool = False
    error: ErrorType | None = None
    distribute: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of its flow."""
        others = _OF_EVERY_RUN | (_OF_A_SYNC if self.in_rounds else set())
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in others}

    @property
    def closing_title(self) -> str:
        """The headline of its end."""
        return f"{self.title.removesuffix(' MODE')} COMPLETE"

    def at_a_time(self, settings: Settings) -> int:
        """How many tracks at a time: one, unless several or a number are asked for."""
        in_rounds = self.in_rounds and settings.parallel_batch
        several = self.parallel or in_rounds or self.distribute is not None
        return (self.workers or settings.max_concurrency) if several or self.workers else 1


def sync_job(**asked: Any) -> Job:
    """What the flow `library-sync` does."""
    return Job(mode="library-sync", title="FULL LIBRARY SYNC MODE", **asked)


def batch_job(**asked: Any) -> Job:
    """What the flow `batch-sync` does."""
    return Job(mode="batch", title="BATCH MODE", in_rounds=True, **asked)
