"""What a run leaves in a Prefect server's database, by track and by kind of record.

    python -m bench.database_size [--tracks 60] [--database sqlite|postgres] [--stored-events]

A server as docs/operating.md sets it up, with the objects that `setup --server` makes, and one run
of the command line on it. With `--stored-events` as Prefect starts it by itself, which keeps them.
What the server's empty database has is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench.servers import prefect_server, running_postgres
from sandbox.builders import short_tracks
from sandbox.threaded import RunningSandbox, running_sandbox

_MANY = 10_000
_SECONDS = 4.0
_QUEUED = 10.0  # what the server still has in its queues
_WITHOUT_EVENTS = {"PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false"}
_PREPARE = (
    "import asyncio; from flows.prefect_server import objects; "
    "asyncio.run(objects.prepare_server())"
)
_KINDS = ("event", "task_run", "flow_run", "log", "artifact")
_ROOT = Path(__file__).parents[1]

_IN_FILE = """
    SELECT coalesce(m.tbl_name, d.name), sum(d.pgsize)
    FROM dbstat AS d LEFT JOIN sqlite_master AS m ON m.name = d.name GROUP BY 1
"""
_IN_POSTGRES = """
    SELECT relname, pg_total_relation_size(relid) FROM pg_catalog.pg_statio_user_tables
"""
_EVENTS = "SELECT event, count(*) FROM events GROUP BY event"

Sizes = Counter[str]
_Ask = Callable[[str], list[tuple[str, int]]]


def main() -> None:
    """Run, measure, print."""
    given = _options()
    with tempfile.TemporaryDirectory() as home, _database(Path(home), given.database) as database:
        settings = {} if given.stored_events else _WITHOUT_EVENTS
        address, ask, sizes = database
        server = prefect_server(Path(home) / "server", database=address, settings=settings)
        build = short_tracks(given.tracks, seconds=_SECONDS)
        with running_sandbox(Path(home) / "sandbox", build=build) as sandbox, server as url:
            environment = _environment(sandbox, url, Path(home))
            _call([sys.executable, "-c", _PREPARE], environment)
            before = Counter(dict(ask(sizes)))
            _call([sys.executable, "-m", "flows", "sync", "--parallel"], environment)
            time.sleep(_QUEUED)
            left = Counter(dict(ask(sizes)))
            events = Counter(dict(ask(_EVENTS)))
    left.subtract(before)
    _say(left, before, given.tracks)
    _say_events(events, given.tracks)


def _options() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m bench.database_size", description=__doc__)
    made.add_argument("--tracks", type=int, default=60)
    made.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    made.add_argument("--stored-events", action="store_true")
    return made.parse_args()


@contextlib.contextmanager
def _database(home: Path, kind: str) -> Iterator[tuple[str | None, _Ask, str]]:
    """Its address (None: Prefect's own file), what asks it, and the question for its sizes."""
    if kind == "sqlite":
        yield None, lambda question: _of_file(home / "server" / "prefect.db", question), _IN_FILE
        return
    with running_postgres(home / "postgres") as address:
        _of_postgres(address, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
        yield address, lambda question: _of_postgres(address, question), _IN_POSTGRES


def _environment(sandbox: RunningSandbox, url: str, home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT_")}
    given = {
        "PREFECT_API_URL": url,
        "PREFECT_HOME": str(home / "client"),
        "NOTION_REQUESTS_PER_MINUTE": "2000",
        "HOME": str(home),
    }
    return kept | sandbox.environment | given


def _call(words: list[str], environment: dict[str, str]) -> None:
    subprocess.run(words, env=environment, cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)


def _of_file(database: Path, question: str) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        return [(str(name), int(number)) for name, number in connection.execute(question)]


def _of_postgres(address: str, question: str) -> list[tuple[str, int]]:
    """By the driver that Prefect's server has."""
    import asyncpg  # noqa: PLC0415  (only where there is a PostgreSQL)

    async def ask() -> list[tuple[str, int]]:
        connection = await asyncpg.connect(address.replace("+asyncpg", ""))
        try:
            return [(str(name), int(number)) for name, number in await connection.fetch(question)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def _kind(table: str) -> str:
    return next((kind for kind in _KINDS if table.startswith(kind)), "other")


def _say(left: Sizes, before: Sizes, tracks: int) -> None:
    kinds: Sizes = Counter()
    for table, size in left.items():
        kinds[_kind(table)] += size
    print(f"{tracks} tracks, an empty database of {before.total() / 1e6:.1f} MB")
    print(f"a track: {left.total() / 1e3 / tracks:.1f} KB")
    many = before.total() + left.total() / tracks * _MANY
    print(f"{_MANY:,} tracks, by calculation: {many / 1e6:.0f} MB")
    for kind, size in kinds.most_common():
        print(f"   {kind:<10} {size / 1e3 / tracks:6.1f} KB")


def _say_events(events: Counter[str], tracks: int) -> None:
    for name, number in events.most_common():
        if number >= tracks / 2:
            print(f"   {number / tracks:6.1f} times {name}")


if __name__ == "__main__":
    main()
