"""The locks of this process: its clock, its times, and its record of what it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flows.settings import Settings
from tasks.locks.clock import SystemClock
from tasks.locks.ports import Owner, this_host
from tasks.locks.registry import TokenFile
from tasks.locks.timing import LockTiming
from tasks.locks.track_locks import TrackLocks
from tasks.notion.client import NotionClient
from tasks.notion.lock_store import NotionLockStore
from tasks.notion.properties import Field
from tasks.notion.schema import Schema


@contextmanager
def open_locks(
    settings: Settings, notion: NotionClient, schema: Schema, timing: LockTiming | None = None
) -> Iterator[TrackLocks]:
    """Until the block ends. `timing` is for tests. Raises ConfigurationError for unsafe times."""
    store = NotionLockStore(notion, schema)
    with TokenFile(settings.state_dir / "locks", host=this_host(), pid=os.getpid()) as tokens:
        yield TrackLocks(
            store,
            SystemClock(notion.time),
            timing or LockTiming(timeout=settings.lock_timeout_minutes * 60),
            Owner.this_process(tokens),
            write_unlocked=store.write_values,
            enabled=settings.lock_enabled and Field.LOCK in schema,
        )
