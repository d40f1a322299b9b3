"""Two workers on one list, and one of them dies: `make test-distributed`.

A real Prefect server on PostgreSQL, real workers as processes of their own (on machines of their
own where root allows), sixty tracks on the stand-ins.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from bench.servers import POSTGRES_MISSING
from tests.distributed.machines import HAS_NAMESPACES, machine
from tests.distributed.plant import PREFECT, prepared_plant

pytestmark = [
    pytest.mark.extra,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        not os.environ.get("TEST_DISTRIBUTED"), reason="minutes: run by make test-distributed"
    ),
    pytest.mark.skipif(bool(POSTGRES_MISSING), reason=POSTGRES_MISSING or "-"),
]

TRACKS = int(os.environ.get("TEST_DISTRIBUTED_TRACKS", "60"))


@pytest.fixture
def plant(sandbox_factory, tmp_path):
    """Stand-ins, PostgreSQL, a prepared Prefect server."""
    with prepared_plant(sandbox_factory(tracks=TRACKS), tmp_path, postgres=True) as made:
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
        plant.wait_for("two workers", lambda: plant.workers_online() == 2, 120)
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
        assert {track["error_type"] for track in lost} == {"Lock_Conflict"}
        assert summary["counts"]["processed"] + len(lost) == TRACKS

        studio.run(worker_command("studio"), plant.environment("studio"))
        attic.pull_the_plug()
        plant.call(*PREFECT, "deployment", "run", "library-sync/library-sync", "--watch")

    rows = rows_of(plant.sandbox)
    assert [row for row in rows if row["Processing Lock"]] == []
    assert sum(row["DL"] for row in rows) == TRACKS
    assert plant.imports() == {"wav": TRACKS, "aiff": TRACKS}
