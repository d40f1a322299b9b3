"""What is published: the wheel, installed in a fresh environment outside the checkout.

Slow (it downloads the dependencies), so it runs by `make test-wheel`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
import yaml

from bench.servers import prefect_server

ROOT = Path(__file__).parents[2]
STEPS = re.compile(r"```console\n(.*?)```", re.DOTALL)

pytestmark = [
    pytest.mark.skipif(not os.environ.get("TEST_WHEEL"), reason="by make test-wheel"),
    pytest.mark.timeout(1200),
]


def steps() -> list[str]:
    """The commands of the README's first part, in order."""
    text = (ROOT / "README.md").read_text("utf-8").partition("## Development")[0]
    lines = [line.strip() for block in STEPS.findall(text) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )  # fmt: skip
    return next(folder.glob("library_sync-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The command of a fresh environment, with the locked dependencies."""
    home = tmp_path_factory.mktemp("installed")
    lock = re.sub(r" \\\n +--hash=\S+", "", (ROOT / "requirements.lock").read_text("utf-8"))
    constraints = home / "constraints.txt"
    constraints.write_text(lock, "utf-8")
    subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
    subprocess.run(
        [str(home / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check",
         "--constraint", str(constraints), str(wheel)],
        check=True,
    )  # fmt: skip
    return home / "venv/bin/library-sync"


@pytest.fixture
def run(installed, tmp_path):
    """Run a command line in an empty folder with an empty home; its exit code and what it said."""
    home = tmp_path / "home"
    home.mkdir()

    def started(words: str, *, environment: dict[str, str] | None = None):
        done = subprocess.run(
            [str(installed), *words.split()],
            cwd=home,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"} | (environment or {}),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=300,
        )
        return done.returncode, done.stdout + done.stderr

    return started


def test_the_wheel_has_what_a_user_needs(wheel):
    """Its license, its types, the deployments; one version; none of the tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        said = archive.read(metadata).decode()
    for name in ("flows/py.typed", "tasks/py.typed", "sandbox/py.typed", "flows/prefect.yaml"):
        assert name in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "License-Expression: MIT" in said
    assert "Description-Content-Type: text/markdown" in said
    assert not any(name.startswith(("tests/", "bench/", "simulation/")) for name in names)


def test_without_settings_it_says_what_to_do(run):
    code, said = run("status")
    assert code == 78
    assert "library-sync setup" in said
    assert run("--version")[0] == 0


def test_the_deployments_come_from_the_wheel(run, tmp_path):
    """On a server of the user's, from any folder; without one it says what to set."""
    assert run("deploy")[0] == 78
    with prefect_server(tmp_path / "server") as address:
        environment = {"PREFECT_API_URL": address}
        assert run("setup --server", environment=environment)[0] == 0
        code, said = run("deploy", environment=environment)
        assert code == 0, said
        assert said.count("library-sync worker") == 1
        assert "prefect worker start" not in said
        answer = httpx.post(f"{address}/deployments/filter", json={}, trust_env=False)
        found = {one["name"]: one["entrypoint"] for one in answer.json()}
    written = yaml.safe_load((ROOT / "flows/prefect.yaml").read_text("utf-8"))["deployments"]
    assert found == {one["name"]: one["entrypoint"] for one in written}


def test_the_steps_of_the_readme(run, sandbox_factory):
    """Install is done; demo, setup, dry run, sync and status run in that order."""
    sandbox = sandbox_factory(tracks=2)
    environment = dict(sandbox.environment) | {"NOTION_REQUESTS_PER_MINUTE": "100000"}
    ran = []
    for line in steps():
        words = line.removeprefix("library-sync ")
        if words == line or words.startswith("serve"):  # uv's, and what the machine itself runs
            continue
        if words == "setup":
            words += " --yes"
        code, said = run(words, environment=None if words == "demo" else environment)
        assert code == 0, (line, said)
        ran.append(words.split()[0])
    assert ran == ["demo", "setup", "sync", "sync", "status"]
    code, said = run("demo")
    assert code == 2, said
    assert [row["DL"] for row in sandbox.world.values_of_all()] == [True] * 2
