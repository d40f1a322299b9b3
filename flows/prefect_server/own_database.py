"""The SQLite file under our own Prefect server: usable, pruned, and readable by its owner alone.

If the file is damaged, locked, or on a full or read-only disk, the run goes on: the server then
keeps a database in a temporary folder, and the run's record is lost with it.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from shutil import disk_usage

from flows.prefect_server.environment import FLOWS
from flows.prefect_server.patches import delete_old_runs

ADDRESS = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
"""Names the database of a Prefect server that is started here."""

_OLDER_NAME = "PREFECT_API_DATABASE_CONNECTION_URL"
_PATIENCE_SECONDS = 3.0
_LEAST_FREE = 20_000_000
_WORTH_VACUUM = 4_000_000


def names_a_database() -> bool:
    """True if the user has named a database: it is taken as it is."""
    return any(os.environ.get(name) for name in (ADDRESS, _OLDER_NAME))


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
    something. Raises sqlite3.Error.
    """
    with closing(_opened(database)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        gone = delete_old_runs(connection, FLOWS, keep)
        connection.execute("COMMIT")
        _shrink(connection)
    return gone


def _shrink(connection: sqlite3.Connection) -> None:
    """Give the disk back what is free, once that is a good part of the file."""
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0] * size
    total = connection.execute("PRAGMA page_count").fetchone()[0] * size
    if free > _WORTH_VACUUM and free > total / 4:
        with suppress(sqlite3.OperationalError):  # another run is writing: the next one shrinks it
            connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
