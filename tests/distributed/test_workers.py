"""Schedules that fire, and workers that are stopped in mid-run: `make test-distributed`.

Real servers, workers as processes of their own; each test waits for what it claims.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bench.servers import POSTGRES_MISSING, process
from tests.distributed.machines import descendants
from tests.distributed.plant import PREFECT, Plant, prepared_plant
from tests.tasks.notification_receiver import receiving

pytestmark = [
    pytest.mark.extra,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not os.environ.get("TEST_DISTRIBUTED"), reason="minutes: run by make test-distributed"
    ),
]

OURS = [sys.executable, "-m", "flows", "worker"]
PLAIN = [*PREFECT, "worker", "start", "--pool", "library-sync", "--name", "plain", "--limit", "1"]
TRACKS = 40


@pytest.fixture
def plant(sandbox_factory, tmp_path):
    """A server on SQLite."""
    with prepared_plant(sandbox_factory(tracks=TRACKS), tmp_path, postgres=False) as made:
        yield made


@pytest.mark.parametrize(
    "database",
    [
        "SQLite",
        pytest.param(
            "PostgreSQL",
            marks=pytest.mark.skipif(bool(POSTGRES_MISSING), reason=POSTGRES_MISSING or "-"),
        ),
    ],
)
def test_scheduled_runs_are_made_and_run(database, sandbox_factory, tmp_path):
    """Every active schedule has runs; one whose time has come is run by a worker."""
    sandbox = sandbox_factory(tracks=2)
    with prepared_plant(sandbox, tmp_path, postgres=database == "PostgreSQL") as plant:
        names = {"library-sync-nightly", "cleanup-locks", "status"}
        plant.wait_for("runs of three schedules", lambda: len(scheduled(plant)) == 3, 120)
        assert set(scheduled(plant)) == names
        run = scheduled(plant)["status"]
        with process(OURS, tmp_path / "worker.log", environment=plant.environment("studio")):
            make_due(plant, run)
            plant.wait_for("its end", lambda: state_of(plant, run) == "COMPLETED", 120)
    assert "Error scheduling" not in (tmp_path / "server" / "prefect-server.log").read_text()


def scheduled(plant: Plant) -> dict[str, str]:
    """The next scheduled run of each deployment."""
    names = {d: name for name, d in deployments(plant).items()}
    waiting = plant.runs(auto_scheduled=True, state_type="SCHEDULED")
    return {names[run["deployment_id"]]: run["id"] for run in waiting}


def deployments(plant: Plant) -> dict[str, str]:
    found = httpx.post(f"{plant.address}/deployments/filter", json={}, trust_env=False).json()
    return {deployment["name"]: deployment["id"] for deployment in found}


def make_due(plant: Plant, run: str) -> None:
    """Let the time of a scheduled run have come."""
    now = datetime.now(UTC).isoformat()
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": now}}
    body = {"state": state, "force": True}
    httpx.post(
        f"{plant.address}/flow_runs/{run}/set_state", json=body, trust_env=False
    ).raise_for_status()


def state_of(plant: Plant, run: str) -> str:
    return str(plant.runs(id=run)[0]["state_type"])


@pytest.mark.parametrize(("command", "seconds"), [(OURS, 20), (PLAIN, 30)], ids=["ours", "plain"])
def test_a_worker_stopped_in_mid_run_leaves_nothing_open(command, seconds, plant):
    """SIGTERM: all rows free soon, every flow run in a final state, a worker that has left."""
    log = plant.folder / "worker.log"
    with process(command, log, environment=plant.environment("studio")) as worker:
        plant.start_run("library-sync/library-sync")
        plant.wait_for("six imports", lambda: plant.imports()["wav"] >= 6, 400)
        assert plant.locked_rows() > 0
        worker.send_signal(signal.SIGTERM)
        took = plant.wait_for("all rows free", lambda: not plant.locked_rows(), seconds + 20)
        plant.wait_for("every end", lambda: not plant.open_runs(), 20)
        worker.wait(30)
    assert took < seconds
    assert plant.imports()["wav"] < TRACKS, "it was stopped in the middle"
    if command is OURS:
        assert worker.returncode == 0, log.read_text(errors="replace")[-2000:]


def test_a_worker_that_drains_lets_its_run_finish(sandbox_factory, tmp_path):
    """SIGTERM with --drain: the run ends by itself and is told (NOTIFY); the next is not taken."""
    with (
        receiving() as told,
        prepared_plant(sandbox_factory(tracks=6), tmp_path, postgres=False) as plant,
    ):
        environment = plant.environment("studio") | {"NOTIFY": f"json://127.0.0.1:{told.port}/"}
        with process(
            [*OURS, "--drain"], tmp_path / "worker.log", environment=environment
        ) as worker:
            plant.start_run("library-sync/library-sync")
            plant.wait_for("an import", lambda: plant.imports()["wav"] >= 1, 400)
            worker.send_signal(signal.SIGTERM)
            plant.start_run("library-status/status")
            assert worker.wait(120) == 0
        assert plant.imports() == {"wav": 6, "aiff": 6}
        assert [each["title"] for each in told.received] == ["library-sync: 6 new tracks"]
        states = {run["state_type"] for run in plant.runs() if run["start_time"]}
        assert states == {"COMPLETED"}
        waiting = [run for run in plant.runs(auto_scheduled=False) if not run["start_time"]]
        assert [run["state_type"] for run in waiting] == ["SCHEDULED"]


def test_runs_of_other_kinds_end_as_they_should(sandbox_factory, tmp_path):
    """A flow deployed by its file runs; a field that the flow does not have is named."""
    with prepared_plant(sandbox_factory(tracks=2), tmp_path, postgres=False) as plant:
        flow = "flows/library_sync.py:library_sync"
        words = ("deploy", flow, "--name", "by-file", "--pool", "library-sync")
        plant.call(*PREFECT, "--no-prompt", *words)
        with process(OURS, tmp_path / "worker.log", environment=plant.environment("studio")):
            plant.start_run("library-sync/by-file", "-p", "limit=1")
            plant.wait_for("its end", lambda: parents(plant)["COMPLETED"] == 1, 200)
            address = f"{plant.address}/deployments/{deployments(plant)['by-file']}/create_flow_run"
            asked = {"parameters": {"fliter": "all"}, "state": {"type": "SCHEDULED"}}
            httpx.post(address, json=asked, trust_env=False).raise_for_status()
            plant.wait_for("its end", lambda: parents(plant)["FAILED"] == 1, 200)
        refused = plant.runs(state_type="FAILED")[0]["state"]["message"]
        assert refused.startswith("This flow has no field fliter; it has cleanup,")
        assert plant.imports() == {"wav": 1, "aiff": 1}


def test_one_worker_alone_does_a_distributed_run(sandbox_factory, tmp_path):
    """The run that hands out three shares holds the only worker: it does them all, one by one."""
    with prepared_plant(sandbox_factory(tracks=9), tmp_path, postgres=False) as plant:
        log = tmp_path / "worker.log"
        with process(OURS, log, environment=plant.environment("studio")):
            plant.start_run("library-sync/library-sync", "-p", "distribute=3")
            plant.wait_for("nine imports", lambda: plant.imports()["wav"] == 9, 500)
            plant.wait_for("its end", lambda: "COMPLETED" in parents(plant), 120)
        assert parents(plant)["CANCELLED"] == 2, "the two shares that nobody took"
        assert plant.imports() == {"wav": 9, "aiff": 9}


def parents(plant: Plant) -> Counter[str]:
    """The states of the runs that are no track's and no schedule's."""
    return Counter(
        run["state_type"]
        for run in plant.runs(auto_scheduled=False)
        if "library-sync-track" not in run["tags"]
    )


def test_a_killed_run_is_settled_by_its_caretaker(plant):
    """kill -9 of the run and its guard: its runs are ended, what it surely held is free."""
    log = plant.folder / "worker.log"
    with process(OURS, log, environment=plant.environment("studio")) as worker:
        plant.start_run("library-sync/library-sync")
        plant.wait_for("six imports", lambda: plant.imports()["wav"] >= 6, 400)
        held = plant.locked_rows()
        for engine in engines_below(worker.pid):
            os.kill(engine, signal.SIGKILL)
        plant.wait_for("every end", lambda: not plant.open_runs(), 60)
        plant.wait_for("rows to be freed", lambda: plant.locked_rows() < held, 60)
        time.sleep(1)
        assert "Crashed" in {run["state_name"] for run in plant.runs(parent_task_run_id=None)}


def engines_below(worker: int) -> list[int]:
    started = [Path(f"/proc/{pid}/cmdline") for pid in descendants(worker)[1:]]
    return [int(path.parent.name) for path in started if b"prefect.engine" in path.read_bytes()]
