"""Which yt-dlp is in use, and how a newer one takes its place: tried, and taken back if it fails.

SoundCloud changes its pages several times a year, and a new release of yt-dlp follows within days.
An environment is changed by what made it, pip or uv; the system's own Python is never changed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

from tasks.errors import ConfigurationError
from tasks.shown_text import counted

_NAME = "yt-dlp"
_UV_PLACES = ("~/.local/bin", "/opt/homebrew/bin", "/usr/local/bin", "~/.cargo/bin")
_INSTALL_SECONDS = 600.0
_TRIAL_SECONDS = 180.0
_VERSION = f"from importlib.metadata import version; print(version('{_NAME}'))"


@dataclass(frozen=True)
class Update:
    """The release before and after; `problem` says why the newer one was taken back, if it was."""

    before: str
    after: str
    problem: str = ""

    @property
    def sentence(self) -> str:
        """What has happened."""
        if self.problem:
            return f"{_NAME} stays at {self.before}: {self.after} {self.problem}."
        if self.before == self.after:
            return f"{_NAME} {self.before} is the newest."
        return f"{_NAME} {self.after} is in use now, instead of {self.before}."


def update_ytdlp(trial: Sequence[str], python: str = sys.executable) -> Update:
    """Bring the newest release into the environment of `python`, and try it.

    `trial` are the words after `python` of a command that succeeds where yt-dlp works. Raises
    ConfigurationError where the environment is the system's, or nothing can be installed.
    """
    install = _installer(python)
    before = _version(python)
    _run([*install, "--upgrade", _NAME], "The newest yt-dlp could not be installed")
    after = _version(python)
    if after == before:
        return Update(before, after)
    problem = _problem([python, *trial])
    if problem:
        _run([*install, f"{_NAME}=={before}"], f"yt-dlp {before} could not be put back")
    return Update(before, after, problem)


def _installer(python: str) -> list[str]:
    """The words by which the environment's maker installs a package into it."""
    home = Path(python).parent.parent
    made = home / "pyvenv.cfg"
    if not made.is_file():
        raise ConfigurationError(
            f"library-sync runs in an environment that is not its own ({home}); it is not changed.",
            remedy="Update yt-dlp the way you installed library-sync, or install library-sync into "
            "an environment of its own (README, Install).",
        )
    uv = _uv()
    has_pip = importlib.util.find_spec("pip") is not None
    if uv and ("\nuv = " in made.read_text("utf-8", "replace") or not has_pip):
        return [uv, "pip", "install", "--quiet", "--python", python]
    if has_pip:
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
        return [sys.executable, "-m", "pip", "--python", python, "install", *quiet]
    raise ConfigurationError(
        f"The environment {home} has no pip, and uv is not found.",
        remedy=f"Install uv, or run: {python} -m ensurepip",
    )


def _uv() -> str | None:
    """uv's path; where it is usually put, too: a service has no PATH of the user's."""
    usual = os.pathsep.join(str(Path(place).expanduser()) for place in _UV_PLACES)
    return shutil.which("uv") or shutil.which("uv", path=usual)


def _version(python: str) -> str:
    return _run([python, "-c", _VERSION], "yt-dlp is not installed").strip()


def _run(words: Sequence[str], failed: str) -> str:
    """Its output. Raises ConfigurationError with its last line."""
    try:
        ended = subprocess.run(  # noqa: S603  (pip, uv or Python, by their paths)
            words, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{failed}: {error}.", remedy=_REMEDY) from error
    if ended.returncode:
        raise ConfigurationError(f"{failed}: {_last_line(ended.stderr)}", remedy=_REMEDY)
    return ended.stdout


_REMEDY = "Check the network, and that this user may write into the environment; then try again."


def _problem(words: Sequence[str]) -> str:
    """What the trial has shown, as the end of a sentence; "" if it succeeded."""
    try:
        ended = subprocess.run(  # noqa: S603  (our own trial)
            words, capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"could not be tried ({type(error).__name__})"
    if ended.returncode:
        return f"did not bring in a track of the stand-in ({_last_line(ended.stderr)})"
    return ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason given"


@dataclass(frozen=True)
class Release:
    """A version of yt-dlp; `age_days` is None where the version is no date."""

    version: str
    age_days: int | None

    def __str__(self) -> str:
        if self.age_days is None:
            return f"yt-dlp {self.version}"
        return f"yt-dlp {self.version} ({counted(self.age_days, 'day')} old)"


def installed_release() -> Release:
    """The one in this environment; asked of its metadata, which costs no import of it."""
    return release_of(version("yt-dlp"), datetime.now(UTC).date())


def release_of(version: str, today: date) -> Release:
    """A version such as `2026.10.26`, as it stands at `today`."""
    try:
        year, month, day = (int(part) for part in version.split(".")[:3])
        made = date(year, month, day)
    except ValueError:
        return Release(version, None)
    return Release(version, max(0, (today - made).days))
