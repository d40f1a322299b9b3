"""Where we change Prefect beyond what it offers. For each a test fails when Prefect moves it.

Where a name is not found any more, Prefect runs as it is.

`write_in_turn`: on SQLite under our own server, every transaction that may write waits for its turn
first. Prefect begins most of them deferred: they read, then write. If another has written in
between, SQLite refuses at once, whatever the busy time-out. The server answers 503, and its client
tries again after 2, 4, 8 s: those are the stalls (docs/performance-orchestration.md).

`send_fewer_events`: a task sends its server an event for Pending, for Running and for its end. Each
has 2 kB, and the database keeps it five times over: most of what a track leaves there. We send only
the end, and for a long stage its beginning too. A limit sends two more events for each slot, which
nobody reads, since the limit's page shows its slots.

`delete_old_runs`: by SQL, on the tables as Prefect's migrations make them. Prefect deletes by age
alone, and leaves subflows behind.

`start_next_as`: Prefect starts a run as `sys.executable -m prefect.engine`, in the process that has
taken the deployment's pull steps. So a pull step may say what starts it.

`take_damaged_env_files`: Prefect reads the `.env` of the folder it is in, and cannot be imported if
that holds a byte that is no UTF-8.

`outlive_broken_pipes`: Prefect writes its log lines with rich, which ends the process when nobody
reads them any more. A run whose worker is gone must free its rows first.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

from flows.settings import text_of

_log = logging.getLogger("flows.prefect_server")

_EVENT_DAYS = 7
_IDLE_FLOWS = ("cleanup-locks", "library-status")

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


def write_in_turn() -> bool:
    """Let this process's Prefect server begin writing transactions immediately, if it is on SQLite.

    True if it does now.
    """
    try:
        from prefect.server.database import configurations, dependencies  # noqa: PLC0415  (the server)
        from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL  # noqa: PLC0415

        address = PREFECT_API_DATABASE_CONNECTION_URL.value()
        if not address.startswith("sqlite"):
            return False
        in_turn = _in_turn(configurations.AioSqliteConfiguration)
        dependencies.MODELS_DEPENDENCIES["database_config"] = in_turn(connection_url=address)
    except (ImportError, AttributeError, KeyError, TypeError) as error:
        _log.warning("Prefect's SQLite configuration has another shape now: %s", error)
        return False
    return True


def _in_turn(configuration: Any) -> Any:
    """The configuration of a database whose writers wait for who writes already."""

    class InTurn(configuration):  # type: ignore[misc]
        @asynccontextmanager
        async def begin_transaction(
            self,
            session: Any,
            with_for_update: bool = True,  # noqa: ARG002, FBT001, FBT002  (Prefect's signature)
        ) -> AsyncGenerator[Any, None]:
            """Begin immediately, whatever was asked for."""
            async with super().begin_transaction(session, with_for_update=True) as transaction:
                yield transaction

    return InTurn


def send_fewer_events(told_at_once: Collection[str]) -> bool:
    """Send the server events of a task's end alone; for tasks named `told_at_once` also that they
    run; for limits none. True if it is so now.
    """
    from prefect import task_engine  # noqa: PLC0415  (a run has imported it)
    from prefect.concurrency import _events as of_limits  # noqa: PLC0415

    whole, emit = getattr(task_engine, _TELLS, None), getattr(of_limits, _EMITS, None)
    if whole is None or emit is None:
        _log.warning("Prefect tells of its tasks in another way now; the database grows faster.")
        return False
    if not getattr(whole, "is_ours", False):
        setattr(task_engine, _TELLS, _fewer(whole, told_at_once))
        setattr(of_limits, _EMITS, lambda *_, **__: None)
    return True


_EMITS = "emit_event"
_TELLS = "emit_task_run_state_change_event"


def _fewer(whole: Callable[..., Any], told_at_once: Collection[str]) -> Callable[..., Any]:
    def tell(*args: Any, **given: Any) -> Any:
        task, state = given.get("task_run"), given.get("validated_state")
        if task is not None and state is not None:
            begins = state.is_running() and task.name.rsplit("-", 1)[0] not in told_at_once
            if state.is_pending() or begins:
                return None
        return whole(*args, **given)

    tell.is_ours = True  # type: ignore[attr-defined]
    return tell


def delete_old_runs(connection: sqlite3.Connection, flows: Sequence[str], keep: int) -> int:
    """Of the runs of `flows` in a Prefect database the newest `keep` stay; how many went."""
    if not _has_runs(connection):
        return 0
    gone = _old_runs(connection, flows, keep)
    _delete(connection, gone)
    return len(gone)


def _has_runs(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'flow_run'").fetchone()
    return found is not None


def _old_runs(connection: sqlite3.Connection, flows: Sequence[str], keep: int) -> list[str]:
    """The ids of the runs that may go, with all their subflows'."""
    rows = connection.execute(
        _OLD_RUNS, {"ours": json.dumps(flows), "idle": json.dumps(_IDLE_FLOWS), "keep": keep}
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


def start_next_as(program: Path) -> None:
    """What this process starts next as Python is started by `program`.

    Where that is not there, and on Windows, nothing changes.
    """
    if os.name == "posix" and program.is_file():
        sys.executable = str(program)


def take_damaged_env_files() -> None:
    """Of a `.env` that is not all text Prefect gets the lines that are."""
    from dotenv.main import DotEnv  # noqa: PLC0415  (Prefect's reader)

    whole = DotEnv._get_stream  # noqa: SLF001

    @contextmanager
    def stream(file: DotEnv) -> Iterator[IO[str]]:
        if file.dotenv_path is not None and Path(file.dotenv_path).is_file():
            yield io.StringIO(text_of(Path(file.dotenv_path)))
            return
        with whole(file) as opened:
            yield opened

    DotEnv._get_stream = stream  # type: ignore[method-assign, assignment]  # noqa: SLF001


def outlive_broken_pipes() -> None:
    """What this process prints goes nowhere once nobody reads it, instead of ending the process."""
    from rich.console import Console  # noqa: PLC0415  (only a worker's run needs it)

    def go_on(_: Console) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)

    Console.on_broken_pipe = go_on  # type: ignore[method-assign, assignment]
