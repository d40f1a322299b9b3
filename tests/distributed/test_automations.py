"""Each automation does what it is for, once, and leaves healthy runs alone: with short times."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import time

import pytest

from bench.servers import prefect_server
from tests.distributed.machines import ROOT
from tests.distributed.plant import Plant

pytestmark = [
    pytest.mark.extra,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not os.environ.get("TEST_DISTRIBUTED"), reason="minutes: run by make test-distributed"
    ),
]

# Runs in every state an automation looks for, and healthy ones beside them.
RUNS = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from prefect import flow, get_client
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.events import emit_event
from prefect.states import Completed, Failed, Pending, Running, Scheduled
from flows.prefect_server.automations import (
    failures_are_told, make_automation, silent_and_late_runs, tell_failures)
from flows.summary import SyncSummary
from tasks.tracks import TrackResult, TrackStatus

def summary(failed, processed):
    statuses = [TrackStatus.FAILED] * failed + [TrackStatus.PROCESSED] * processed
    results = [TrackResult(page_id=str(n), status=s) for n, s in enumerate(statuses)]
    return SyncSummary(mode="library-sync", track_filter="all", results=results)

@flow(name="library-sync")
async def ended(state, failed, processed):
    tell_failures(summary(failed, processed))
    return Failed(message="none") if state == "Failed" else Completed(name=state)

@flow(name="library-sync")
def silent(): ...

@flow(name="sync-track")
def track(): ...

async def quiet_run(client, made, name):
    run = await client.create_flow_run(made, name=name)
    await client.set_flow_run_state(run.id, Pending())
    await client.set_flow_run_state(run.id, Running())
    related = [{"prefect.resource.id": f"prefect.flow.{run.flow_id}",
                "prefect.resource.role": "flow", "prefect.resource.name": made.name}]
    emit_event("prefect.flow-run.heartbeat", {"prefect.resource.id": f"prefect.flow-run.{run.id}"},
               related=related)
    return run

async def main():
    async with get_client() as client:
        hook = CustomWebhookNotificationBlock(
            name="told", url=sys.argv[1], json_data={"subject": "{{subject}}"})
        block = await hook.asave("library-sync-notifications")
        short = silent_and_late_runs(silence=timedelta(seconds=20), late=timedelta(seconds=10))
        for wanted in [*short, *failures_are_told(block, "library-sync-notifications")]:
            await make_automation(client, wanted)
        await asyncio.sleep(8)  # the server's triggers read new automations every few seconds
        await quiet_run(client, silent, "silent")
        await quiet_run(client, track, "silent track")
        healthy = await quiet_run(client, silent, "healthy")
        await client.set_flow_run_state(healthy.id, Completed())
        nightly = await client.create_deployment(await client.create_flow(silent), name="nightly")
        due = Scheduled(scheduled_time=datetime.now(UTC) - timedelta(minutes=1))
        await client.create_flow_run_from_deployment(
            nightly, name="late", state=due, tags=["auto-scheduled"])
        await client.create_flow_run_from_deployment(nightly, name="by hand", state=due)
    await ended.with_options(flow_run_name="failed")("Failed", 2, 0, return_state=True)
    await ended.with_options(flow_run_name="many failed")("CompletedWithFailures", 1, 2)
    await ended.with_options(flow_run_name="few failed")("CompletedWithFailures", 1, 30)
    await ended.with_options(flow_run_name="fine")("Completed", 0, 3)

asyncio.run(main())
"""


@pytest.fixture
def told():
    """The subjects that came to a webhook, and its address."""
    subjects: list[str] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            subjects.append(body.decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield subjects, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_each_automation_fires_once_for_what_it_is_for(told, tmp_path):
    """On a server that stores no events, as docs/operating.md sets one up."""
    subjects, address = told
    settings = {"PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false"}
    with prefect_server(tmp_path / "server", settings=settings) as url:
        plant = Plant(None, tmp_path, url)
        given = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_")}
        given |= {"PREFECT_API_URL": url, "PREFECT_HOME": str(tmp_path / "home")}
        subprocess.run([sys.executable, "-c", RUNS, address], env=given, cwd=ROOT, check=True)

        def states() -> dict[str, str]:
            return {run["name"]: run["state_name"] for run in plant.runs()}

        plant.wait_for("the silent run's end", lambda: states()["silent"] == "Crashed", 120)
        plant.wait_for("the late run's end", lambda: states()["late"] == "Cancelled", 120)
        plant.wait_for("three messages", lambda: len(subjects) >= 3, 60)
        time.sleep(25)  # what must not happen has had its time
        found = states()
    assert found["healthy"] == "Completed"
    assert found["silent track"] == "Running", "tracks are no automation's business"
    assert found["by hand"] in {"Late", "Scheduled"}
    assert len(subjects) == 3, subjects
    assert {name for name in ("failed", "many failed", "silent") if name in str(subjects)} == {
        "failed",
        "many failed",
        "silent",
    }
    assert "few failed" not in str(subjects)
