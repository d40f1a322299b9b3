"""What a run says when it begins: what it is about, and what it has found."""

from __future__ import annotations

import logging

from flows.session.opening import Run
from tasks.locks.cleanup import CleanupReport

_log = logging.getLogger("flows.library_sync")

SYNC_TITLE = "FULL LIBRARY SYNC"
BATCH_TITLE = "BATCH"
CLEARING = "Step 1: Cleaning up stale processing locks..."
READING_EAGLE = "Step 2: Pre-caching Eagle library..."


def announce(title: str, run: Run, limit: int | None, workers: int, *, debug: bool) -> None:
    """The opening lines; verbose logging where it is asked for."""
    if debug:
        for name in ("flows", "tasks"):
            logging.getLogger(name).setLevel(logging.DEBUG)
    _log.info("%s", title)
    _log.info("   Filter: %s", run.state.track_filter)
    _log.info("   Max tracks: %s", limit or "unlimited")
    _log.info("   Parallel: %s (workers: %d)", workers > 1, workers)
    owner = run.connections.locks.owner
    _log.info("   Process ID: %s:%s:%s", owner.pid, owner.host, run.state.run_id)
    if run.connections.settings.dry_run:
        _log.info("   Dry run: nothing is changed")


def say_not_clearing() -> None:
    """Instead of the next: locks are left alone."""
    _log.info("   Skipped (--no-cleanup)")


def say_cleared(report: CleanupReport) -> None:
    """What became of other processes' locks."""
    done = "Would clear" if report.dry_run else "Cleared"
    _log.info("   %s %d stale locks", done, len(report.cleared))
    if report.live:
        _log.info("   %d live locks of other processes stay", len(report.live))


def say_read(items: int | None) -> None:
    """How many items Eagle has; None without Eagle."""
    if items is None:
        _log.info("   Skipped: EAGLE_API_BASE is off")
    else:
        _log.info("   Cached %d Eagle items", items)


def say_listing(track_filter: str) -> None:
    """Before the rows are listed."""
    _log.info("Step 3: Querying tracks from Notion, filter %s...", track_filter)


def say_listed(number: int) -> None:
    """After the rows were listed."""
    _log.info("   Found %d tracks matching criteria", number)
