"""The SQLite file under our own Prefect server: usable, pruned, and readable by its owner alone.

A file that is damaged, locked, or on a full or read-only disk costs this run its record, never the
run: the server then keeps a database in a temporary folder that is lost with it.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from shutil import disk_usage

_PATIENCE_SECONDS = 3.0
_LEAST_FREE = 20_000_000
_EVENT_DAYS = 7
_WORTH_VACUUM = 4_000_000
_IDLE_FLOWS = ("cleanup-locks", "library-status")
_OURS = ("library-sync", "batch-sync", "sync-share", "follow-sources", *_IDLE_FLOWS)

_OLD_RUNS = """
    WITH RECURSIVE ranked AS (
        SELECT run.id, row_number() OVER (
            PARTITION BY run.state_name = 'NothingToDo'
                OR flow.name IN (SELECT value FROM json_each(:idle))
            ORDER BY coalesce(run.start_time, run.created) DESC
        ) AS place
        FROM flow_run AS run JOIN flow ON flow.id = run.flow_id
        WHERE run.parent_task_run_id IS NULL
          AND flow.name IN (SELECT value FROM json_each(:ours))
          AND (run.state_type IN ('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED')
               OR run.start_time < datetime('now', '-7 days'))
    ), gone(id) AS (
        SELECT id FROM ranked WHERE place > :keep
        UNION
        SELECT child.id FROM gone
        JOIN task_run ON task_run.flow_run_id = gone.id
        JOIN flow_run AS child ON child.parent_task_run_id = task_run.id
    )
    SELECT id FROM gone
"""


def reason_against(database: Path) -> str:
    """Why `database` cannot be used, as the end of a sentence; empty if it can, or may be made."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=database.parent, prefix=".library-sync-probe"):
            pass
        if disk_usage(database.parent).free < _LEAST_FREE:
            return "its disk is full"
        if not database.exists():
            return ""
        database.chmod(0o600)
        with closing(_opened(database)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return f"it cannot be written ({error})"
    except sqlite3.DatabaseError as error:
        return f"it is damaged ({error})"
    except OSError as error:
        return f"it cannot be written ({error.strerror or error})"
    return "" if found == "ok" else f"it is damaged ({found})"


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=_PATIENCE_SECONDS, isolation_level=None)


def temporary_database() -> str:
    """The address of a fresh database among the machine's temporary files, or in memory."""
    with suppress(OSError):
        folder = Path(tempfile.mkdtemp(prefix="library-sync-prefect-"))
        if disk_usage(folder).free >= _LEAST_FREE:
            return f"sqlite+aiosqlite:///{folder / 'prefect.db'}"
        folder.rmdir()
    return "sqlite+aiosqlite:///file::memory:?cache=shared&uri=true&check_same_thread=false"


def prune(database: Path, keep: int) -> int:
    """Delete all but the newest `keep` of our runs; how many went. Other projects' runs stay.

    Runs that did nothing are counted by themselves, so that they do not push out those that did
    something. Deletes by SQL, since Prefect deletes by age alone, and leaves subflows behind.
    Raises sqlite3.Error.
    """
    with closing(_opened(database)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        if not _has_runs(connection):
            return 0
        connection.execute("BEGIN IMMEDIATE")
        gone = _old_runs(connection, keep)
        _delete(connection, gone)
        connection.execute("COMMIT")
        _shrink(connection)
    return len(gone)


def _has_runs(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'flow_run'").fetchone()
    return found is not None


def _old_runs(connection: sqlite3.Connection, keep: int) -> list[str]:
    """The ids of the runs that may go, with all their subflows'."""
    rows = connection.execute(
        _OLD_RUNS, {"ours": json.dumps(_OURS), "idle": json.dumps(_IDLE_FLOWS), "keep": keep}
    )
    return [row[0] for row in rows]


def _delete(connection: sqlite3.Connection, runs: Sequence[str]) -> None:
    """The runs with their states, tasks, log lines and artifacts; and events older than a week."""
    ids = [(run,) for run in runs]
    for table in ("log", "artifact"):
        connection.executemany(f"DELETE FROM {table} WHERE flow_run_id = ?", ids)  # noqa: S608  (two names)
    connection.executemany("DELETE FROM flow_run WHERE id = ?", ids)
    connection.execute(
        "DELETE FROM artifact_collection WHERE latest_id NOT IN (SELECT id FROM artifact)"
    )
    for table in ("event_resources", "events"):
        connection.execute(
            f"DELETE FROM {table} WHERE occurred < datetime('now', ?)",  # noqa: S608  (two names)
            (f"-{_EVENT_DAYS} days",),
        )


def _shrink(connection: sqlite3.Connection) -> None:
    """Give the disk back what is free, once that is a good part of the file."""
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0] * size
    total = connection.execute("PRAGMA page_count").fetchone()[0] * size
    if free > _WORTH_VACUUM and free > total / 4:
        with suppress(sqlite3.OperationalError):  # another run is writing: the next one shrinks it
            connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
