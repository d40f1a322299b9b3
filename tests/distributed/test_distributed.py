"""Two workers on one list, and one of them dies: `make test-distributed`.

A real Prefect server on PostgreSQL, real workers as processes of their own (on machines of their
own where root allows), sixty tracks on the stand-ins.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.servers import POSTGRES_MISSING, prefect_server, running_postgres
from tests.distributed.machines import HAS_NAMESPACES, ROOT, machine

pytestmark = [
    pytest.mark.extra,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        not os.environ.get("TEST_DISTRIBUTED"), reason="minutes: run by make test-distributed"
    ),
    pytest.mark.skipif(bool(POSTGRES_MISSING), reason=POSTGRES_MISSING or "-"),
]

TRACKS = 60
PREFECT = [sys.executable, "-m", "prefect"]
PREPARE = (
    "import asyncio; from flows.prefect_server import objects; "
    "asyncio.run(objects.prepare_server())"
)


class Plant:
    """Everything that runs during the test, and the questions the test asks it."""

    def __init__(self, sandbox, folder: Path, address: str) -> None:
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

    def call(self, *words: str, name: str = "office") -> None:
        """Run a command to its end on the host."""
        done = subprocess.run(
            words, env=self.environment(name), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def imports(self) -> Counter[str]:
        """What Eagle imported so far, by extension."""
        entries = self.sandbox.ledger.entries(service="eagle", kind="item.add")
        return Counter(entry["ext"] for entry in entries)

    def wait_for(self, what: str, holds, seconds: float) -> None:
        """Wait until `holds()`; fail with `what` otherwise."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, f"{what} did not happen in {seconds} s"
            time.sleep(0.5)


@pytest.fixture
def plant(sandbox_factory, tmp_path):
    """Stand-ins, PostgreSQL, a prepared Prefect server."""
    sandbox = sandbox_factory(tracks=TRACKS)
    heartbeat = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    with (
        running_postgres(tmp_path / "postgres") as database,
        prefect_server(tmp_path / "server", database=database, settings=heartbeat) as address,
    ):
        made = Plant(sandbox, tmp_path, address)
        made.call(sys.executable, "-c", PREPARE)
        made.call(*PREFECT, "--no-prompt", "deploy", "--all")
        yield made


def worker_command(name: str) -> list[str]:
    """The command that starts a worker for one run at a time."""
    return [*PREFECT, "worker", "start", "--pool", "library-sync", "--name", name, "--limit", "1"]


def test_a_worker_dies_and_the_next_run_heals(plant, rows_of, record_property):
    """Sixty tracks, two workers, one killed: all done, nothing twice, no lock left."""
    addresses = [
        plant.address,
        *(
            plant.sandbox.environment[name]
            for name in ("NOTION_BASE_URL", "EAGLE_API_BASE", "SC_PROXY")
        ),
    ]
    ports = sorted({urlsplit(address).port for address in addresses})
    with (
        machine("studio", plant.folder / "studio", 1, ports) as studio,
        machine("attic", plant.folder / "attic", 2, ports) as attic,
    ):
        record_property("machines", "namespaces" if HAS_NAMESPACES else "plain processes")
        for one in (studio, attic):
            one.run(worker_command(one.name), plant.environment(one.name))
        parent = subprocess.Popen(
            [sys.executable, "-m", "flows", "sync", "--distribute", "2", "--json", "summary.json"],
            env=plant.environment("office"),
            cwd=plant.folder / "office",
            stderr=(plant.folder / "office.log").open("wb"),
        )
        try:
            plant.wait_for("the tenth import", lambda: plant.imports()["wav"] >= 10, 300)
            before = plant.imports()
            studio.pull_the_plug()
            assert before["wav"] < TRACKS, "the worker was to die in the middle"
            parent.wait(600)
        finally:
            parent.kill()
        summary = json.loads((plant.folder / "office" / "summary.json").read_text())
        assert parent.returncode == 0
        lost = [t for t in summary["tracks"] if "Crashed" in (t["error_message"] or "")]
        assert lost, summary["counts"]
        assert summary["counts"]["processed"] + len(lost) == TRACKS

        studio.run(worker_command("studio"), plant.environment("studio"))
        attic.pull_the_plug()
        plant.call(*PREFECT, "deployment", "run", "library-sync/library-sync", "--watch")

    rows = rows_of(plant.sandbox)
    assert [row for row in rows if row["Processing Lock"]] == []
    assert sum(row["DL"] for row in rows) == TRACKS
    assert plant.imports() == {"wav": TRACKS, "aiff": TRACKS}
