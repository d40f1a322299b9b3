"""A run as the command line asks for it, where a test does not care."""

from __future__ import annotations

from typing import Any

from flows.before_prefect.job import Job
from tasks.tracks import TrackFilter

_USUAL = {
    "mode": "library-sync",
    "title": "FULL LIBRARY SYNC",
    "track_filter": TrackFilter.UNPROCESSED,
    "limit": None,
    "workers": 1,
    "cleanup": True,
    "debug": False,
    "dry_run": False,
}


def job(**changes: Any) -> Job:
    """All unprocessed rows, one at a time, but for `changes`."""
    return Job(**_USUAL | changes)
