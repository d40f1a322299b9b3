"""The server a run starts for itself: none where the user has one, and never in the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.prefect_server.environment import server_address
from flows.prefect_server.own_server import serve_prefect
from sandbox.builders import short_tracks
from tests.flows.sync_process import wait_until

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
RUN = """
import sys
from flows.__main__ import main
from flows.session.opening import SessionOptions, session_options
from tests.timing import ALONE, patience_with
session_options.set(SessionOptions(timing=ALONE, patience=patience_with(ALONE)))
sys.exit(main(sys.argv[1:]))
"""
"""The command, with claims that settle at once."""


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


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_server_that_ends_costs_its_record_alone(fault, quiet_home, sandbox_factory):
    """In the middle of a run: every track is done, the run ends within 10 s of the last."""
    sandbox = sandbox_factory(build=short_tracks(2))
    given = os.environ | sandbox.environment
    given |= {"PYTHONPATH": str(ROOT), "NOTION_REQUESTS_PER_MINUTE": "100000"}
    words = ["-c", RUN, "sync", "--json", "run.json"]
    with Path("run.log").open("wb") as log:
        run = subprocess.Popen([sys.executable, *words], env=given, stderr=log)
    try:
        _wait_for_imports(sandbox, 1)
        os.kill(wait_until(lambda: _server_of(quiet_home / "prefect")), fault)
        imports = _wait_for_imports(sandbox, 4)
        ended = time.monotonic()
        assert run.wait(120) == 0
    finally:
        run.kill()
    assert imports == 4
    assert time.monotonic() - ended < 60, (
        "10 s on an idle machine; Prefect's own retries take minutes"
    )
    assert json.loads(Path("run.json").read_text())["counts"]["processed"] == 2
    assert "record" in Path("run.log").read_text()


def test_a_server_that_ends_as_it_starts(quiet_home, sandbox_factory, rows_of):
    """Given rows that are claimed by then, when there is no run without it, then that is said of
    our own server, and the rows are free.
    """
    sandbox = sandbox_factory(build=short_tracks(2))
    given = os.environ | sandbox.environment | {"PYTHONPATH": str(ROOT)}
    with Path("run.log").open("wb") as log:
        run = subprocess.Popen([sys.executable, "-c", RUN, "sync"], env=given, stderr=log)
    try:
        os.kill(wait_until(lambda: _server_of(quiet_home / "prefect")), signal.SIGKILL)
        assert run.wait(120) == 78
    finally:
        run.kill()
    assert "started for itself ended" in Path("run.log").read_text()
    assert not any(row["Processing Lock"] for row in rows_of(sandbox))
    assert list(Path(sandbox.environment["OUT_DIR"]).glob(".library-sync-staging/*")) == []


def _wait_for_imports(sandbox, number: int) -> int:
    def found() -> int:
        imports = len(sandbox.ledger.entries(service="eagle", kind="item.add"))
        return imports if imports >= number else 0

    return wait_until(found)


def _server_of(home: Path) -> int:
    """Its process; 0 if there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            given = (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"prefect_server.own_process" in words and f"PREFECT_HOME={home}".encode() in given:
            return int(folder.name)
    return 0
