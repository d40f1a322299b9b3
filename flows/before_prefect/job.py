"""What a run was asked for on the command line, in the words of its flow's parameters."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.tracks import TrackFilter


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run over all rows that match a filter; `mode` and `title` are those of its summary and log.

    It lists them all at once, or `in_rounds`.
    """

    mode: str
    title: str
    track_filter: TrackFilter
    limit: int | None
    workers: int
    cleanup: bool
    debug: bool
    dry_run: bool
    in_rounds: bool = False

    @property
    def early_claims(self) -> int:
        """How many rows may be claimed before the flow begins."""
        return 0 if self.in_rounds else min(self.workers, self.limit or self.workers)
