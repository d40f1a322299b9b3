"""What reaches into Prefect past what it offers; each has a test that fails when Prefect moves it.

Where something is not found under its name any more, Prefect runs as it is.

`write_in_turn`: SQLite under our own server, every transaction that may write asks for its turn
first. Prefect begins most of them deferred: they read, then write, and where another has written in
between, SQLite refuses at once, whatever the busy time-out. The server answers 503, and its client
tries again after 2, 4, 8 s: those are the stalls (docs/performance-orchestration.md).

`send_fewer_task_events`: a task tells its server of Pending, Running and its end, each as an event
of 2 kB that the database keeps five times over: most of what a track leaves there. Only the end is
told, of the stage that takes long its beginning too.

`outlive_broken_pipes`: Prefect writes its log lines with rich, which ends the process when nobody
reads them any more. A run whose worker is gone has rows to free first.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

_log = logging.getLogger("flows.prefect_server")


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


def send_fewer_task_events(told_at_once: Collection[str]) -> bool:
    """Tell the server of a task's end alone; of those named `told_at_once` that they run, too.

    True if it is so now.
    """
    from prefect import task_engine  # noqa: PLC0415  (a run has imported it)

    whole = getattr(task_engine, _TELLS, None)
    if whole is None:
        _log.warning("Prefect tells of its tasks in another way now; the database grows faster.")
        return False
    if not getattr(whole, "is_ours", False):
        setattr(task_engine, _TELLS, _fewer(whole, told_at_once))
    return True


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


def outlive_broken_pipes() -> None:
    """What this process prints goes nowhere once nobody reads it, instead of ending the process."""
    from rich.console import Console  # noqa: PLC0415  (only a worker's run needs it)

    def go_on(_: Console) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)

    Console.on_broken_pipe = go_on  # type: ignore[method-assign, assignment]
