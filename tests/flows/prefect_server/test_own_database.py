"""The database under our own Prefect server: what is wrong with it, and what is deleted from it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows.prefect_server.own_database import prune, reason_against

ROOT = Path(__file__).parents[3]

RUNS = """
import asyncio, logging
from flows.prefect_server.environment import prepare_prefect
from flows.prefect_server.own_server import start
prepare_prefect(); start()
from prefect import flow, task, get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.states import Completed

@task
async def work(): get_run_logger().info("a line")

@flow(name="sync-track")
async def track(): await work()

@flow(name="library-sync")
async def sync(idle):
    await acreate_markdown_artifact("text", key="library-sync-summary")
    if idle: return Completed(name="NothingToDo")
    await track()

@flow(name="of-another-project")
async def other(): await work()

async def main():
    await other()
    for _ in range(3): await sync(False)
    for _ in range(4): await sync(True)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory, new_database) -> Path:
    """A database in which three runs worked, then four found nothing to do, and another's one."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(new_database, home / "prefect.db")
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PREFECT_", "LIBRARY_SYNC"))}
    given = kept | {"PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", RUNS], env=given, cwd=home, check=True)
    return home / "prefect.db"


def counted(database: Path, question: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(question).fetchone()[0])


def test_old_runs_go_with_all_they_left(used):
    """Of the runs that worked two stay and of the idle ones two; nothing of the others is left."""
    assert counted(used, "SELECT count(*) FROM flow_run") == 3 * 2 + 4 + 1
    assert prune(used, keep=2) == 2 + 2, "a run with its subflow, and two idle ones"
    parents = "SELECT count(*) FROM flow_run JOIN flow ON flow.id = flow_id WHERE flow.name = "
    assert counted(used, parents + "'library-sync'") == 4
    assert counted(used, parents + "'sync-track'") == 2
    assert counted(used, parents + "'of-another-project'") == 1
    assert counted(used, "SELECT count(*) FROM artifact WHERE key IS NOT NULL") == 4
    for table in ("log", "artifact", "task_run", "flow_run_state"):
        left = f"SELECT count(*) FROM {table} WHERE flow_run_id NOT IN (SELECT id FROM flow_run)"
        assert counted(used, left) == 0, table
    orphans = (
        "SELECT count(*) FROM task_run_state WHERE task_run_id NOT IN (SELECT id FROM task_run)"
    )
    assert counted(used, orphans) == 0
    assert prune(used, keep=2) == 0


def test_our_server_keeps_no_events_and_its_files_to_itself(used):
    """Two thirds of what a track would leave are events that nobody reads; others read nothing."""
    assert counted(used, "SELECT count(*) FROM events") == 0
    assert counted(used, "SELECT count(*) FROM task_run_state") > 0, "the tasks are recorded"
    modes = {path.name: path.stat().st_mode & 0o077 for path in used.parent.iterdir()}
    assert modes["prefect.db"] == modes["library-sync-server.log"] == 0


def test_a_usable_database_has_no_reason_against_it(used, tmp_path):
    """Neither has one that is not made yet, in a folder that is not either."""
    assert reason_against(used) == ""
    assert reason_against(tmp_path / "new" / "prefect.db") == ""


def test_a_damaged_database_is_told_from_one_in_use(used, tmp_path):
    """Not a database at all; pages overwritten; locked by another program for longer than 3 s."""
    nothing = tmp_path / "nothing.db"
    nothing.write_bytes(b"this is no database" * 1000)
    assert "damaged" in reason_against(nothing)

    torn = tmp_path / "torn.db"
    torn.write_bytes(used.read_bytes())
    with torn.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 20)
    assert "damaged" in reason_against(torn)

    with closing(sqlite3.connect(used, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "cannot be written" in reason_against(used)


def test_a_folder_that_cannot_be_written_is_named_as_the_reason(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "home").write_text("")
    assert "cannot be written" in reason_against(tmp_path / "home" / "prefect.db")
