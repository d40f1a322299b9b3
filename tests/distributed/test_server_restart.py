"""The Prefect server is killed in the middle of a run and comes back: the run does not notice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.servers import prefect_server

pytestmark = [
    pytest.mark.extra,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not os.environ.get("TEST_DISTRIBUTED"), reason="minutes: run by make test-distributed"
    ),
]

ROOT = Path(__file__).parents[2]


def test_a_run_outlives_its_server(sandbox_factory, rows_of, tmp_path):
    """Sixteen tracks, the server gone for five seconds: all done, no lock left, exit code 0."""
    sandbox = sandbox_factory(tracks=16)

    def imports() -> int:
        return len(sandbox.ledger.entries(service="eagle", kind="item.add"))

    with prefect_server(tmp_path / "server") as address:
        environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
        environment |= sandbox.environment | {
            "PREFECT_API_URL": address,
            "PREFECT_HOME": str(tmp_path / "client"),
            "NOTION_REQUESTS_PER_MINUTE": "2000",
        }
        run = subprocess.Popen(
            [sys.executable, "-m", "flows", "sync", "--parallel", "--json", tmp_path / "run.json"],
            cwd=ROOT,
            env=environment,
            stderr=(tmp_path / "run.log").open("wb"),
        )
        while imports() < 6 and run.poll() is None:
            time.sleep(0.2)
    assert run.poll() is None, (tmp_path / "run.log").read_text()[-3000:]
    time.sleep(5)
    port = int(address.removesuffix("/api").rpartition(":")[2])
    with prefect_server(tmp_path / "server", port=port):
        code = run.wait(600)

    assert code == 0, (tmp_path / "run.log").read_text()[-3000:]
    assert json.loads((tmp_path / "run.json").read_text())["counts"]["processed"] == 16
    assert imports() == 32
    assert [row for row in rows_of(sandbox) if row["Processing Lock"]] == []
