"""A run as the command line asks for it, where a test does not care."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flows.session.job import Job, batch_job, sync_job


def job(*, in_rounds: bool = False, workers: int = 1, **changes: Any) -> Job:
    """All unprocessed rows, one at a time, but for `changes`."""
    return replace((batch_job if in_rounds else sync_job)(workers=workers), **changes)
