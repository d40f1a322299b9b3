"""Our own Prefect server and its database: who is answered, what stays, what is wrong with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from flows.prefect_server import own_database
from flows.prefect_server.own_database import prune, reason_against
from tests.flows.sync_process import wait_until

ROOT = Path(__file__).parents[3]

RUNS = """
import asyncio, os, sys
from flows.prefect_server import own_server
from flows.prefect_server.environment import prepare_prefect
prepare_prefect(); own_server.serve_prefect()
import httpx
url = os.environ["PREFECT_API_URL"]
print(own_server._started.pid, url, flush=True)
httpx.get(url + "/health", timeout=120).raise_for_status()
print("answered", flush=True)
stranger = httpx.post(url + "/flow_runs/filter", json={}, timeout=120)
page = httpx.get(url + "/health", headers={"Origin": "https://example.org"})
print(stranger.status_code, page.headers.get("access-control-allow-origin"), flush=True)
from prefect import flow, get_client, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.logging.handlers import APILogHandler
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
    await APILogHandler.aflush()
    async with get_client() as client:
        async def recorded():
            return [run for run in await client.read_task_runs()
                    if run.name.startswith("work") and run.state_name == "Completed"]
        while len(await recorded()) < 4: await asyncio.sleep(0.1)
        print(len(await client.read_flow_runs()), flush=True)
asyncio.run(main())
sys.stdin.read()
"""


@dataclass
class ServedRun:
    """A process that has a server of its own, and what it said while that answered."""

    process: subprocess.Popen[str]
    home: Path
    server: int
    address: str
    answered: str
    strangers: str
    own: str

    def kill(self) -> None:
        """As the system does it; returns once its server is gone, too."""
        self.process.kill()
        self.process.wait()
        wait_until(lambda: has_ended(self.server))


def has_ended(process: int) -> bool:
    """Whoever is to be told of its end may not have asked yet."""
    try:
        os.kill(process, 0)
        stat = Path(f"/proc/{process}/stat")
        return stat.exists() and stat.read_text().split()[2] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


@pytest.fixture(scope="module")
def served_run(tmp_path_factory, new_database) -> Iterator[ServedRun]:
    """Three runs that worked, then four that found nothing to do, and another's one, in a process
    for which nobody has configured anything.
    """
    home = tmp_path_factory.mktemp("home")
    shutil.copy(new_database, home / "prefect.db")
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PREFECT_", "LIBRARY_SYNC"))}
    process = subprocess.Popen(
        [sys.executable, "-c", RUNS],
        env=kept | {"PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    server, address = process.stdout.readline().split()
    said = (process.stdout.readline().strip() for _ in range(3))
    run = ServedRun(process, home, int(server), address, *said)
    yield run
    run.kill()


@pytest.fixture(scope="module")
def used(served_run) -> Path:
    """The database that they left."""
    served_run.kill()
    return served_run.home / "prefect.db"


def test_nobody_but_the_run_is_answered(served_run):
    """Another user has no password, a web page no permission; the run has both."""
    assert served_run.strangers == "401 None"
    assert served_run.own == "11"


def test_a_request_waits_for_the_server_which_dies_with_the_run(served_run):
    """Even a run that is killed leaves no server behind."""
    assert served_run.answered == "answered"
    served_run.kill()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served_run.address}/health")


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


def test_a_damaged_database_is_told_from_one_in_use(used, tmp_path, monkeypatch):
    """Not a database at all; pages overwritten; locked by another program for too long."""
    nothing = tmp_path / "nothing.db"
    nothing.write_bytes(b"this is no database" * 1000)
    assert "damaged" in reason_against(nothing)

    torn = tmp_path / "torn.db"
    torn.write_bytes(used.read_bytes())
    with torn.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 20)
    assert "damaged" in reason_against(torn)

    monkeypatch.setattr(own_database, "_PATIENCE_SECONDS", 0.1)
    with closing(sqlite3.connect(used, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "cannot be written" in reason_against(used)


def test_a_folder_that_cannot_be_written_is_named_as_the_reason(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "home").write_text("")
    assert "cannot be written" in reason_against(tmp_path / "home" / "prefect.db")
