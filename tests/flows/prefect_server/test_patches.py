"""Our patches of Prefect: each still takes hold. If one fails, Prefect has moved its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dotenv.main import DotEnv
from prefect.settings import PREFECT_API_URL

from flows.prefect_server.environment import allow_damaged_env, server_address

ROOT = Path(__file__).parents[3]


FORKS = """
import json, os, sys, traceback
import prefect, prefect.server.database
for line in sys.stdin:
    code, out = json.loads(line)
    if (child := os.fork()) == 0:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
        try: exec(code, {"__name__": "__main__"})
        except BaseException: traceback.print_exc(); os._exit(1)
        sys.stdout.flush(); os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture(scope="module")
def forks(tmp_path_factory, prefect_server) -> Iterator[subprocess.Popen[str]]:
    """A process that has imported Prefect; each line of code that it is given runs in a copy."""
    home = tmp_path_factory.mktemp("home")
    server = {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
    with subprocess.Popen(
        [sys.executable, "-c", FORKS],
        env=environment(home) | server,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def told(forks, tmp_path) -> Callable[[str], str]:
    """`told(code)`: what a process of its own prints; these patches change all of a process."""

    def run(code: str) -> str:
        out = tmp_path / "out"
        forks.stdin.write(json.dumps([code, str(out)]) + "\n")
        forks.stdin.flush()
        assert forks.stdout.readline() == "0\n"
        return out.read_text().strip()

    return run


def environment(home: Path) -> dict[str, str]:
    given = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
    return given | {"PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)}


def test_writers_of_our_own_database_wait_for_each_other(told):
    """The server's transactions begin immediately, whatever was asked for."""
    code = """
import asyncio
from flows.prefect_server.patches import write_in_turn
assert write_in_turn()
from prefect.server.database import provide_database_interface
config = provide_database_interface().database_config
async def main():
    engine = await config.engine()
    async with await config.session(engine) as session:
        async with config.begin_transaction(session, with_for_update=False):
            import sqlite3, sqlalchemy
            await session.execute(sqlalchemy.text("SELECT 1"))
            other = sqlite3.connect(engine.url.database, timeout=0)
            try: other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error: print(error)
asyncio.run(main())
"""
    assert "database is locked" in told(code)


def test_a_prefect_that_moved_runs_as_it_is(told):
    """Without the class we know, nothing is changed and nothing fails."""
    code = """
from prefect.server.database import configurations
del configurations.AioSqliteConfiguration
from flows.prefect_server.patches import write_in_turn
print(write_in_turn())
"""
    assert told(code) == "False"


def test_a_log_that_nobody_reads_ends_no_run(told):
    """Prefect's console handler meets a pipe whose reader is gone, and the process goes on."""
    code = """
import os, sys
from flows.prefect_server.patches import outlive_broken_pipes
outlive_broken_pipes()
from prefect.logging import get_logger
out = os.dup(1)
reading, writing = os.pipe()
os.dup2(writing, 1); os.dup2(writing, 2); os.close(reading); os.close(writing)
for _ in range(3):
    get_logger("flow_runs").warning("said to nobody")
os.write(out, b"alive")
"""
    assert told(code) == "alive"


def test_a_task_tells_its_end_and_a_limit_nothing(told, limits_of_server):
    """Of a stage that takes long also that it runs; asked for twice, it is done once."""
    code = """
import asyncio
from prefect import flow, get_client, task
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.asyncio import concurrency
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker
from flows.prefect_server.patches import send_fewer_events
assert send_fewer_events({"long"}) and send_fewer_events({"long"})
EventsWorker.set_client_override(AssertingEventsClient)
@task(name="long")
async def long():
    async with concurrency("three"): pass
@task(name="short")
async def short(): pass
@flow
async def both():
    await long(); await short()
async def main():
    async with get_client() as client:
        await client.create_global_concurrency_limit(
            GlobalConcurrencyLimitCreate(name="three", limit=3))
    await both()
asyncio.run(main())
EventsWorker.instance().drain()
names = [event.event for each in AssertingEventsClient.all for event in each.events]
print(*sorted(name for name in names if "task-run" in name or "limit" in name))
"""
    ends = ["prefect.task-run.Completed"] * 2
    assert told(code).split() == [*ends, "prefect.task-run.Running"]


def test_a_pull_step_says_what_starts_the_run(told):
    """Prefect starts Python by the name that the process has for it."""
    code = """
from pathlib import Path
from flows.prefect_server.patches import start_next_as
start_next_as(Path("/no/such/program"))
import sys
before = sys.executable
start_next_as(Path("/bin/sh"))
from prefect.runner._starter_engine import get_sys_executable
print(before != sys.executable, get_sys_executable())
"""
    assert told(code) == "True /bin/sh"


def test_prefect_takes_the_lines_of_a_damaged_env_file(tmp_path, monkeypatch, as_imported_now):
    """It reads the file when it is imported, and takes what is text."""
    (tmp_path / ".env").write_bytes(b"PREFECT_API_URL=http://here/api\nHOOK=\xff\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(DotEnv, "_get_stream", DotEnv._get_stream)  # as it is, afterwards
    with pytest.raises(UnicodeDecodeError):
        as_imported_now()
    allow_damaged_env()
    as_imported_now()
    assert server_address() == "http://here/api"
