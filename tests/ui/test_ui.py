"""A run as its user sees it in Prefect's UI: `make test-ui`.

A real server, a real worker, a real browser without a screen. The pictures stay in
build/screenshots.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.servers import prefect_server, process
from tests.ui.browser import CHROMIUM, browser

pytestmark = [
    pytest.mark.extra,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not os.environ.get("TEST_UI"), reason="a minute or two: run by make test-ui"
    ),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here"),
]

ROOT = Path(__file__).parents[2]
PREFECT = [sys.executable, "-m", "prefect"]
PREPARE = (
    "import asyncio; from flows.prefect_server import objects; "
    "asyncio.run(objects.prepare_server())"
)


@pytest.fixture
def environment(sandbox_factory, tmp_path):
    """A server with our deployments, and a worker beside the demo's world."""
    sandbox = sandbox_factory()
    with prefect_server(tmp_path / "server") as address:
        made = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
        made |= sandbox.environment | {
            "PREFECT_API_URL": address,
            "PREFECT_HOME": str(tmp_path / "client"),
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "NOTION_REQUESTS_PER_MINUTE": "2000",
            "PYTHONPATH": str(ROOT),
        }
        for words in (
            [sys.executable, "-c", PREPARE],
            [*PREFECT, "--no-prompt", "deploy", "--all"],
        ):
            subprocess.run(words, env=made, cwd=ROOT, check=True, capture_output=True)
        worker = [*PREFECT, "worker", "start", "--pool", "library-sync", "--name", "studio"]
        with process(worker, tmp_path / "worker.log", environment=made, cwd=tmp_path):
            yield made


class Api:
    """The server's own word on what the page should show."""

    def __init__(self, address: str) -> None:
        self.address = address

    def find(self, kind: str, **body: Any) -> list[dict[str, Any]]:
        """The objects of a kind, newest last."""
        answer = httpx.post(f"{self.address}/{kind}/filter", json=body, trust_env=False)
        answer.raise_for_status()
        return list(answer.json())

    def newest_run(self) -> dict[str, Any] | None:
        """The newest run started from the form."""
        runs = self.find("flow_runs", flows={"name": {"any_": ["library-sync"]}})
        runs = [run for run in runs if not run["auto_scheduled"]]
        return max(runs, key=lambda run: str(run["created"]), default=None)

    def ended(self, run: str) -> str | None:
        """The name of the run's last state, None while it is at work."""
        answer = httpx.get(f"{self.address}/flow_runs/{run}", trust_env=False).json()
        return answer["state_name"] if answer["end_time"] else None


def test_a_run_is_started_watched_and_read(environment, tmp_path):
    """From the deployment's form to the summary's failures, everything with the mouse."""
    api = Api(environment["PREFECT_API_URL"])
    home = api.address.removesuffix("/api")
    deployments = {d["name"]: d["id"] for d in api.find("deployments")}
    with browser(tmp_path / "chromium", ROOT / "build" / "screenshots") as page:
        page.open(f"{home}/deployments/deployment/{deployments['library-sync']}")
        page.click("Description")
        page.wait_for("library-sync", "Bring all matching tracks into the library")
        page.picture("1-deployment")

        page.open(f"{home}/deployments/deployment/{deployments['library-sync']}/run")
        page.wait_for("Which rows: unprocessed", "Process this many tracks at most")
        page.wait_for("How many at a time", "Hand the work out in this many shares")
        page.picture("2-form", height=1500)
        page.click("Submit")

        run = _await(api.newest_run, 180)
        page.open(f"{home}/runs/flow-run/{run['id']}")
        page.wait_for("Running", seconds=120)
        page.wait_for("Processing:", seconds=120)
        page.picture("3-running")
        _await(lambda: api.ended(run["id"]), 300)
        page.open(f"{home}/runs/flow-run/{run['id']}")
        page.wait_for("Completed", "Subflow Runs")
        page.click("Subflow Runs")
        page.wait_for("Processed")
        time.sleep(5)  # the chart is a canvas: nobody can ask it whether it is drawn
        page.picture("4-tracks")
        page.click("Artifacts")
        page.wait_for("library-sync-summary", "library-sync-results")
        page.picture("5-artifacts")

        artifacts = {
            a["key"]: a["id"]
            for a in api.find("artifacts", artifacts={"flow_run_id": {"any_": [run["id"]]}})
        }
        page.open(f"{home}/artifacts/artifact/{artifacts['library-sync-summary']}")
        page.wait_for("Counts", "What to do", "Return code")
        page.picture("6-summary", height=1300)
        page.open(f"{home}/artifacts/artifact/{artifacts['library-sync-results']}")
        page.wait_for("Status", "processed")
        page.picture("7-table", height=1300)


def _await(ask, seconds: float) -> Any:
    until = time.monotonic() + seconds
    while (found := ask()) is None:
        assert time.monotonic() < until
        time.sleep(0.5)
    return found
