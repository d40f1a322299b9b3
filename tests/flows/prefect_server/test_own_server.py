"""The server a run starts for itself: there when needed, gone with the run, never in the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.prefect_server.environment import server_address
from flows.prefect_server.own_server import serve_prefect
from tests.flows.sync_process import wait_until

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
RUN = """
import asyncio, os, sys
from flows.prefect_server.environment import prepare_prefect
from flows.prefect_server.environment import server_address
from flows.prefect_server.own_server import serve_prefect
prepare_prefect(); serve_prefect()
import httpx
url = os.environ["PREFECT_API_URL"]
print(url, flush=True)
httpx.get(url + "/health", timeout=120).raise_for_status()
print("answered", flush=True)
stranger = httpx.post(url + "/flow_runs/filter", json={}, timeout=120)
page = httpx.get(url + "/health", headers={"Origin": "https://example.org"})
print(stranger.status_code, page.headers.get("access-control-allow-origin"), flush=True)
from prefect import get_client
async def ours():
    async with get_client() as client:
        return await client.read_flow_runs()
print(asyncio.run(ours()), flush=True)
sys.stdin.read()
"""


@dataclass
class ServedRun:
    """A process that has a server of its own, and what it said once that answered."""

    process: subprocess.Popen[str]
    address: str
    answered: str
    strangers: str
    own: str

    def kill(self) -> None:
        """As the system does it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def served_run(tmp_path_factory, new_database) -> Iterator[ServedRun]:
    """Where nobody has configured anything."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(new_database, home / "prefect.db")
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PREFECT_", "LIBRARY_SYNC"))}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        env=kept | {"PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    run = ServedRun(process, *(process.stdout.readline().strip() for _ in range(4)))
    yield run
    run.kill()


@pytest.fixture
def quiet_home(tmp_path, monkeypatch, new_database):
    """A Prefect home without any configuration, a working folder without any file."""
    (tmp_path / "prefect").mkdir()
    shutil.copy(new_database, tmp_path / "prefect" / "prefect.db")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    for name in (
        "PREFECT_API_URL",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_PROFILE",
        "PREFECT_PROFILES_PATH",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("LIBRARY_SYNC_EMBEDDED_SERVER", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nobody_but_the_run_is_answered(served_run):
    """Another user has no password, a web page no permission; the run has both."""
    assert served_run.strangers == "401 None"
    assert served_run.own == "[]"


def test_a_request_waits_for_the_server_which_dies_with_the_run(served_run):
    """Even a run that is killed leaves no server behind."""
    assert served_run.answered == "answered"
    server = _listening_process(served_run.address)
    assert server != served_run.process.pid
    served_run.kill()
    wait_until(lambda: not Path(f"/proc/{server}").exists() or _is_zombie(server))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("profiles.toml", '[profiles.p]\nPREFECT_API_URL = "http://127.0.0.1:4200/api"\n'),
        (".env", "PREFECT_API_URL=http://127.0.0.1:4200/api\n"),
        ("prefect.toml", '[api]\nurl = "http://127.0.0.1:4200/api"\n'),
    ],
)
def test_a_configured_server_is_used(quiet_home, as_imported_now, where, text):
    """Wherever the user named a server, none is started."""
    if where == "profiles.toml":
        (quiet_home / "prefect" / where).write_text(f'active = "p"\n{text}')
    else:
        (quiet_home / where).write_text(text)
    as_imported_now()
    assert server_address() == "http://127.0.0.1:4200/api"


def test_a_server_in_the_environment_is_used(quiet_home, monkeypatch):
    """PREFECT_API_URL wins, and nothing is started."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    serve_prefect()
    assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"
    assert "LIBRARY_SYNC_EMBEDDED_SERVER" not in os.environ


def _listening_process(address: str) -> int:
    port = int(address.removesuffix("/api").rpartition(":")[2])
    inode = next(
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port
    )
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            links = [str(link.readlink()) for link in folder.iterdir()]
        except OSError:
            continue
        if f"socket:[{inode}]" in links:
            return int(folder.parent.name)
    raise AssertionError(f"nobody listens on {port}")


def _is_zombie(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_server_that_ends_costs_its_record_alone(fault, quiet_home, sandbox_factory):
    """In the middle of a run: every track is done, the run ends within 10 s of the last."""
    sandbox = sandbox_factory(tracks=3)
    given = os.environ | sandbox.environment
    given |= {"PYTHONPATH": str(ROOT), "NOTION_REQUESTS_PER_MINUTE": "600"}
    words = ["-m", "flows", "sync", "--parallel", "--json", "run.json"]
    with Path("run.log").open("wb") as log:
        run = subprocess.Popen([sys.executable, *words], env=given, stderr=log)
    try:
        imports = _wait_for_imports(sandbox, 2)
        os.kill(_server_of(quiet_home / "prefect"), fault)
        imports = _wait_for_imports(sandbox, 6)
        ended = time.monotonic()
        assert run.wait(120) == 0
    finally:
        run.kill()
    assert imports == 6
    assert time.monotonic() - ended < 60, (
        "10 s on an idle machine; Prefect's own retries take minutes"
    )
    assert json.loads(Path("run.json").read_text())["counts"]["processed"] == 3
    assert "record" in Path("run.log").read_text()


def _wait_for_imports(sandbox, number: int) -> int:
    def found() -> int:
        imports = len(sandbox.ledger.entries(service="eagle", kind="item.add"))
        return imports if imports >= number else 0

    return wait_until(found)


def _server_of(home: Path) -> int:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            given = (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"prefect_server.own_process" in words and f"PREFECT_HOME={home}".encode() in given:
            return int(folder.name)
    raise AssertionError("no server runs")
