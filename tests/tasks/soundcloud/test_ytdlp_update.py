"""The newest yt-dlp comes into an environment of ours, is tried, and goes if it does not work."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from flows.__main__ import main
from tasks.errors import ConfigurationError
from tasks.soundcloud.update import update_ytdlp

WORKS = ("-c", "import yt_dlp; assert yt_dlp.WORKS, 'nothing came'")
_PYTHON = "Scripts/python" if sys.platform == "win32" else "bin/python"
OLD, NEW = "2026.1.1", "2026.2.2"


def _wheel(folder: Path, version: str, *, works: bool) -> None:
    """A package called yt-dlp, as small as a wheel may be."""
    info = f"yt_dlp-{version}.dist-info"
    files = {
        "yt_dlp.py": f"WORKS = {works}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: yt-dlp\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},{_hash(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(folder / f"yt_dlp-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in (files | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}).items():
            wheel.writestr(name, text)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def old_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the old release, and in its folder `releases` the wheel of it."""
    home = tmp_path_factory.mktemp("old")
    releases = home / "releases"
    releases.mkdir()
    _wheel(releases, OLD, works=True)
    venv.create(home, with_pip=False)
    install = [sys.executable, "-m", "pip", "--python", str(home / _PYTHON), "install", "-q"]
    only_these = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(releases),
        "PIP_CONFIG_FILE": "/dev/null",
    }
    subprocess.run([*install, "yt-dlp"], env=os.environ | only_these, check=True)
    return home


@pytest.fixture
def environment(
    old_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Path]:
    """The Python of an environment with the old release, and the folder of releases."""
    home = tmp_path / "environment"
    shutil.copytree(old_environment, home, symlinks=True)
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(home / "releases"))
        monkeypatch.setenv(f"{tool}_CONFIG_FILE", "/dev/null")
    return str(home / _PYTHON), home / "releases"


def test_the_newest_is_the_one_in_use(environment, monkeypatch, capfd):
    """As `library-sync update` says it, of the environment it is installed in."""
    python, _ = environment
    monkeypatch.setattr(update_ytdlp, "__defaults__", (python,))
    assert main(["update"]) == 0
    assert f"yt-dlp {OLD} is the newest." in capfd.readouterr().err


def test_a_newer_one_is_tried_and_stays(environment):
    python, releases = environment
    _wheel(releases, NEW, works=True)
    outcome = update_ytdlp(WORKS, python)
    assert outcome.sentence == f"yt-dlp {NEW} is in use now, instead of {OLD}."


def test_one_that_does_not_work_goes_again(environment):
    python, releases = environment
    _wheel(releases, NEW, works=False)
    outcome = update_ytdlp(WORKS, python)
    assert outcome.sentence == (
        f"yt-dlp stays at {OLD}: {NEW} did not bring in a track of the stand-in "
        "(AssertionError: nothing came)."
    )
    assert update_ytdlp(("-c", ""), python).before == OLD


def test_the_systems_python_is_left_alone(tmp_path):
    (tmp_path / "bin").mkdir()
    with pytest.raises(ConfigurationError, match="not its own"):
        update_ytdlp(WORKS, str(tmp_path / "bin" / "python3"))


def test_uv_is_found_where_a_service_has_no_path(tmp_path, monkeypatch):
    """launchd and systemd start with `/usr/bin:/bin`; uv lies in the user's folders."""
    asked = tmp_path / "asked"
    uv = tmp_path / "home" / ".local" / "bin" / "uv"
    python = tmp_path / "environment" / "bin" / "python"
    for program, does in ((uv, f'echo "$@" > {asked}'), (python, f'exec {sys.executable} "$@"')):
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
    (tmp_path / "environment" / "pyvenv.cfg").write_text("home = /x\nuv = 0.9.0\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    outcome = update_ytdlp(WORKS, str(python))
    assert outcome.before == outcome.after
    assert asked.read_text().split()[:2] == ["pip", "install"]
