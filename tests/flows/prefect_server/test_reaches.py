"""Where we reach into Prefect: each reach is still there. If one fails, Prefect has moved it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prefect.settings import PREFECT_API_URL

ROOT = Path(__file__).parents[3]


def told(code: str, home: Path, **variables: str) -> str:
    """What a fresh process prints: these reaches change Prefect for the whole process."""
    given = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
    given |= {"PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(
        [sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_writers_of_our_own_database_wait_for_each_other(tmp_path):
    """The server's transactions begin immediately, whatever was asked for."""
    code = """
import asyncio
from flows.prefect_server.reaches import write_in_turn
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
    assert "database is locked" in told(code, tmp_path)


def test_a_prefect_that_moved_runs_as_it_is(tmp_path):
    """Without the class we know, nothing is changed and nothing fails."""
    code = """
from prefect.server.database import configurations
del configurations.AioSqliteConfiguration
from flows.prefect_server.reaches import write_in_turn
print(write_in_turn())
"""
    assert told(code, tmp_path) == "False"


def test_a_log_that_nobody_reads_ends_no_run(tmp_path):
    """Prefect's console handler meets a pipe whose reader is gone, and the process goes on."""
    code = """
import os, sys
from flows.prefect_server.reaches import outlive_broken_pipes
outlive_broken_pipes()
from prefect.logging import get_logger
out = os.dup(1)
reading, writing = os.pipe()
os.dup2(writing, 1); os.dup2(writing, 2); os.close(reading); os.close(writing)
for _ in range(3):
    get_logger("flow_runs").warning("said to nobody")
os.write(out, b"alive")
"""
    assert told(code, tmp_path) == "alive"


def test_a_task_tells_its_end_and_a_limit_nothing(tmp_path, limits_of_server):
    """Of a stage that takes long also that it runs; asked for twice, it is done once."""
    code = """
import asyncio
from prefect import flow, get_client, task
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.asyncio import concurrency
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker
from flows.prefect_server.reaches import send_fewer_events
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
    server = str(PREFECT_API_URL.value())
    assert told(code, tmp_path, PREFECT_API_URL=server).split() == [
        *ends,
        "prefect.task-run.Running",
    ]


def test_a_pull_step_says_what_starts_the_run(tmp_path):
    """Prefect starts Python by the name that the process has for it."""
    code = """
from pathlib import Path
from flows.prefect_server.reaches import start_next_as
start_next_as(Path("/no/such/program"))
import sys
before = sys.executable
start_next_as(Path("/bin/sh"))
from prefect.runner._starter_engine import get_sys_executable
print(before != sys.executable, get_sys_executable())
"""
    assert told(code, tmp_path) == "True /bin/sh"


def test_prefect_takes_the_lines_of_a_damaged_env_file(tmp_path):
    """It reads the file when it is imported, and takes what is text."""
    (tmp_path / ".env").write_bytes(b"PREFECT_API_URL=http://here/api\nHOOK=\xff\n")
    code = f"""
import os
os.chdir({str(tmp_path)!r})
from flows.prefect_server.environment import allow_damaged_env, server_address
allow_damaged_env()
print(server_address())
"""
    assert told(code, tmp_path) == "http://here/api"
