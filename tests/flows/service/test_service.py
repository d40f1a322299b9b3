"""The project as a service: its units, its deployments, and what a machine that slept does."""

from __future__ import annotations

import os
import plistlib
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prefect import flow, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.states import Scheduled
from prefect.workers.process import ProcessWorker

from bench.servers import free_port
from flows.__main__ import main
from flows.service.deployments import planned
from flows.service.overdue_runs import drop_all_but_newest
from flows.service.server import alone, answering
from flows.service.serving import local_timezone
from flows.service.units import Service, launchd_agent, prefect_environment, systemd_unit, unit_for
from flows.service.worker import LibraryWorker
from tasks.errors import ConfigurationError
from tests.flows.sync_process import wait_until

ROOT = Path(__file__).parents[3]
STRANGE = 'a "folder" of 100% $music'


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A service in a folder whose name has every character that units give a meaning."""
    folder = tmp_path / STRANGE
    folder.mkdir()
    monkeypatch.setenv("PREFECT_API_URL", "http://10.0.0.1:4200/api")
    return Service(
        command="worker",
        words=["--name", STRANGE],
        folder=folder,
        state_dir=tmp_path / "state",
        environment=prefect_environment("worker"),
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("command", ["worker", "serve"])
def test_systemd_understands_the_unit(command, service, tmp_path):
    """`systemd-analyze verify` has nothing to say."""
    if command == "serve":
        service = Service(command="serve", words=["--nightly", "03:00"], state_dir=tmp_path)
    unit = tmp_path / f"{service.name}.service"
    unit.write_text(systemd_unit(service))
    told = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", str(unit)],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert unit.name not in told.stderr, told.stderr
    assert told.returncode == 0, told.stderr


def test_a_unit_holds_no_secret_and_stops_us_first(service):
    """It names the server, and SIGTERM goes to our process alone."""
    text = systemd_unit(service)
    assert "Environment=PREFECT_API_URL=http://10.0.0.1:4200/api" in text
    assert "KillMode=mixed" in text
    assert "TOKEN" not in text


def test_launchd_reads_the_agent(service):
    """A property list with whole paths, started at login and after a crash, not after an end."""
    agent = plistlib.loads(launchd_agent(service).encode())
    assert Path(agent["ProgramArguments"][0]).is_absolute()
    assert agent["ProgramArguments"][-2:] == ["--name", STRANGE]
    assert agent["WorkingDirectory"] == str(service.folder)
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_what_is_installed_is_shown_first_and_taken_back(monkeypatch, tmp_path, capsys):
    """Without an answer nothing is written; with --yes it is; --uninstall removes it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LIBRARY_SYNC_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("sys.platform", "linux")
    path = unit_for(Service(command="serve", state_dir=tmp_path), "linux", tmp_path).path

    assert main(["serve", "--install", "--yes"]) == 78  # it would end like that every 30 s
    assert not path.exists()
    given = {"NOTION_TOKEN": "secret", "TRACKS_DB_ID": "0" * 32, "PREFECT_HOME": str(tmp_path)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert main(["serve", "--install", "--nightly", "04:30"]) == 1
    assert "--nightly 04:30" in capsys.readouterr().out
    assert not path.exists()

    assert main(["serve", "--install", "--nightly", "04:30", "--yes"]) == 0
    assert "--nightly 04:30" in path.read_text()
    assert f"PREFECT_HOME={tmp_path}" in path.read_text()
    assert main(["serve", "--uninstall"]) == 0
    assert not path.exists()


@pytest.mark.parametrize(
    "words", [["--nightly", "25:00"], ["--port", "0"], ["--install", "--uninstall"]]
)
def test_a_wrong_time_or_port_is_a_wrong_command_line(words, capsys):
    """64, and nothing is started."""
    assert main(["serve", *words]) == 64


async def test_a_port_that_is_taken_is_said(tmp_path, monkeypatch):
    """Before anything is started."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    refused = pytest.raises(ConfigurationError, match="another Prefect server")
    with socket.create_server(("127.0.0.1", 0)) as taken, refused:
        async with answering(taken.getsockname()[1]):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_a_server_that_ends_before_it_answers_is_said(tmp_path, monkeypatch):
    """With where it says why: here Prefect does not take one of its own settings."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_API_REQUEST_TIMEOUT", "soon")
    with pytest.raises(ConfigurationError, match="does not start") as told:
        async with answering(free_port()):
            pass
    assert str(tmp_path / "library-sync-serve.log") in told.value.remedy
    assert "soon" in (tmp_path / "library-sync-serve.log").read_text()


def test_our_worker_is_one_of_processes_and_replaces_none():
    """Its pool is of Prefect's type `process`, whose own worker stays."""
    assert LibraryWorker.type == ProcessWorker.type == "process"
    assert ProcessWorker.get_worker_class_from_type("process") is ProcessWorker


def test_a_worker_without_a_server_says_what_to_do(monkeypatch, tmp_path, capsys):
    """No server is named anywhere: 78, and the way without one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert main(["worker"]) == 78
    assert "library-sync serve" in capsys.readouterr().err


def test_serve_deploys_what_prefect_yaml_does():
    """But for the shares, which need other machines; the night is the user's own."""
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    made = {one.name: one for one in planned("04:30")}
    assert made.keys() == {d["name"] for d in written} - {"sync-share"}
    assert made["library-sync-nightly"].cron == "30 4 * * *"
    assert made["cleanup-locks"].cron == "15 * * * *"
    assert [one.name for one in made.values() if not one.active] == ["batch-sync"]
    for one in made.values():
        one.flow.validate_parameters(dict(one.parameters))


def test_the_time_zone_has_a_name():
    """One that a schedule takes."""
    assert datetime.now(UTC).astimezone().tzinfo is not None
    assert local_timezone()


@flow(name="slept-through")
def nothing() -> None:
    """A flow to be scheduled."""


async def test_a_machine_that_slept_catches_up_once(prefect_server):
    """Three nights are overdue, one is to come: the newest overdue one and the coming one stay."""
    pool = "catching-up"
    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
        deployment = await client.create_deployment(
            await client.create_flow(nothing), name="nightly", work_pool_name=pool
        )
        made = [await _night(client, deployment, night) for night in (-3, -2, -1, 1)]
        by_hand = await client.create_flow_run_from_deployment(deployment)
        assert await drop_all_but_newest(client, pool) == 2
        states = [(await client.read_flow_run(run)).state_type.value for run in made]
        assert states == ["CANCELLED", "CANCELLED", "SCHEDULED", "SCHEDULED"]
        assert (await client.read_flow_run(by_hand.id)).state_type.value == "SCHEDULED"
        assert await drop_all_but_newest(client, pool) == 0


async def _night(client, deployment, night):
    """A run as the scheduler makes it."""
    at = datetime.now(UTC) + timedelta(days=night)
    run = await client.create_flow_run_from_deployment(
        deployment, state=Scheduled(scheduled_time=at)
    )
    await client._client.patch(f"/flow_runs/{run.id}", json={"tags": ["auto-scheduled"]})
    return run.id


def test_two_serves_do_not_share_a_database(monkeypatch, tmp_path, capsys):
    """On another port neither: both would schedule, and one worker each would take the runs."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("NOTION_TOKEN", "t")
    monkeypatch.setenv("TRACKS_DB_ID", "d" * 32)
    monkeypatch.setenv("LIBRARY_SYNC_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PREFECT_API_URL", "")  # `serve` names its own there
    with alone():
        assert main(["serve", "--port", str(free_port())]) == 78
    assert "is running already" in capsys.readouterr().err
    with alone():
        pass  # it is free again


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_server_ends_when_who_started_it_is_killed(tmp_path):
    """SIGKILL lets nobody end his children; the keeper notices."""
    started = tmp_path / "started"
    (tmp_path / "server.py").write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(started)!r}).write_text(str(os.getpid()))\ntime.sleep(60)\n"
    )
    starter = (
        "import subprocess, sys, time\n"
        "words = [sys.executable, '-m', 'flows.service.keeper', 'server']\n"
        "subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)\ntime.sleep(60)\n"
    )
    given = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    process = subprocess.Popen([sys.executable, "-c", starter], env=given)
    wait_until(lambda: started.exists() and started.read_text(), 20)
    server = int(started.read_text())
    process.kill()
    process.wait()
    wait_until(lambda: not Path(f"/proc/{server}/cmdline").exists(), 20)
