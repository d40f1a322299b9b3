"""A prepared Prefect server beside the stand-ins: what the tests here are played on."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from bench.servers import prefect_server, running_postgres
from tests.distributed.machines import ROOT

PREFECT = [sys.executable, "-m", "prefect"]
PREPARE = (
    "import asyncio; from flows.prefect_server import objects; "
    "asyncio.run(objects.prepare_server())"
)
_OPEN = {"SCHEDULED", "PENDING", "RUNNING", "CANCELLING", "PAUSED"}


class Plant:
    """Everything that runs during a test, and the questions the test asks it."""

    def __init__(self, sandbox: Any, folder: Path, address: str) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.address = address

    def environment(self, name: str) -> dict[str, str]:
        """What the machine `name` has in its environment."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
        home = self.folder / name
        home.mkdir(exist_ok=True)
        return (
            kept
            | self.sandbox.environment
            | {
                "PREFECT_API_URL": self.address,
                "PREFECT_HOME": str(home / "prefect"),
                "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
                "PREFECT_WORKER_QUERY_SECONDS": "2",
                "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                "LIBRARY_SYNC_STATE": str(home / "state"),
                "OUT_DIR": str(home / "out"),
                "NOTION_REQUESTS_PER_MINUTE": "2000",
                "PROCESS_LOCK_TIMEOUT_MINUTES": "5",
                "PYTHONPATH": str(ROOT),
                "HOME": str(home),
            }
        )

    def call(self, *words: str, name: str = "office") -> str:
        """Run a command to its end on the host; what it printed."""
        done = subprocess.run(
            words, env=self.environment(name), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def start_run(self, deployment: str, *words: str) -> None:
        """Ask for a run of a deployment, as from the form."""
        self.call(*PREFECT, "deployment", "run", deployment, *words)

    def imports(self) -> Counter[str]:
        """What Eagle imported so far, by extension."""
        entries = self.sandbox.ledger.entries(service="eagle", kind="item.add")
        return Counter(entry["ext"] for entry in entries)

    def locked_rows(self) -> int:
        """Rows with a lock in them."""
        return sum(bool(row["Processing Lock"]) for row in self.sandbox.world.values_of_all())

    def runs(self, **wanted: Any) -> list[dict[str, Any]]:
        """The server's flow runs, newest first, with these values."""
        body = {"limit": 200, "sort": "EXPECTED_START_TIME_DESC"}
        found = httpx.post(f"{self.address}/flow_runs/filter", json=body, trust_env=False)
        found.raise_for_status()
        return [
            run for run in found.json() if all(run[name] == value for name, value in wanted.items())
        ]

    def open_runs(self) -> list[str]:
        """The names of the runs that were begun and have no end."""
        begun = [run for run in self.runs() if run["start_time"] or run["state_type"] == "PENDING"]
        return [run["name"] for run in begun if run["state_type"] in _OPEN]

    def workers_online(self) -> int:
        """Workers of the pool that the server knows to be there."""
        address = f"{self.address}/work_pools/library-sync/workers/filter"
        found = httpx.post(address, json={}, trust_env=False)
        found.raise_for_status()
        return sum(worker["status"] == "ONLINE" for worker in found.json())

    def wait_for(self, what: str, holds: Callable[[], Any], seconds: float) -> float:
        """Wait until `holds()`; the seconds it took. Fails with `what` otherwise."""
        began = time.monotonic()
        while not holds():
            assert time.monotonic() < began + seconds, f"{what} did not happen in {seconds} s"
            time.sleep(0.5)
        return time.monotonic() - began


@contextlib.contextmanager
def prepared_plant(sandbox: Any, folder: Path, *, postgres: bool) -> Iterator[Plant]:
    """Stand-ins, and a Prefect server as docs/operating.md makes it."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(running_postgres(folder / "postgres")) if postgres else None
        heartbeat = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
        server = prefect_server(folder / "server", database=database, settings=heartbeat)
        made = Plant(sandbox, folder, stack.enter_context(server))
        made.call(sys.executable, "-c", PREPARE)
        made.call(sys.executable, "-m", "flows", "deploy")
        yield made
