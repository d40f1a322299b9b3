"""`python -m flows.prefect_server.own_process`: the process of our own Prefect server.

What it prints is said to the user; its standard error goes to a file.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from flows.prefect_server.environment import heavy_imports, prefect_home
from flows.prefect_server.own_database import (
    ADDRESS,
    names_a_database,
    prune,
    reason_against,
    temporary_database,
)

if TYPE_CHECKING:
    import uvicorn

_SECONDS_TO_END = 5.0


def choose_database(keep_runs: int) -> str:
    """Name a database that works in the environment; a sentence for the user if it is not ours.

    One that the user has named is taken as it is.
    """
    if names_a_database():
        return ""
    database = prefect_home() / "prefect.db"
    reason = reason_against(database)
    if not reason:
        with suppress(sqlite3.Error):  # what cannot be pruned today is pruned tomorrow
            prune(database, keep_runs)
        return ""
    os.environ[ADDRESS] = temporary_database()
    return (
        f"Prefect's database {database} cannot be used: {reason}. This run's record in Prefect is "
        "kept until it ends; its tracks, its reports and its exit code are as always."
    )


def _serve(listener: int) -> None:
    """Serve until standard input ends."""
    with heavy_imports():
        import uvicorn  # noqa: PLC0415
        from prefect.server.api.server import create_app  # noqa: PLC0415

        from flows.prefect_server.patches import write_in_turn  # noqa: PLC0415

        write_in_turn()
        app = create_app()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    threading.Thread(target=_end_with_the_run, args=(server,), daemon=True).start()
    server.run([socket.socket(fileno=listener)])
    os._exit(0)  # the run waits for our end, and taking all that was imported apart takes long


def _end_with_the_run(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True
    threading.Event().wait(_SECONDS_TO_END)
    os._exit(1)


def main(listener: int, keep_runs: int) -> None:
    """Choose the database, then serve; files made here are their owner's alone."""
    os.umask(0o077)
    said = choose_database(keep_runs)
    if said:
        sys.stdout.write(said + "\n")
        sys.stdout.flush()
    _serve(listener)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
