"""A command of ours as a service of the user's system: a systemd unit, or a launchd agent.

The user sees it before it is written. It holds no secret: those are read from the `.env` file.
"""

from __future__ import annotations

import os
import plistlib
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasks.errors import ConfigurationError

_PREFECT = {
    "serve": ("PREFECT_HOME",),
    "worker": ("PREFECT_API_URL", "PREFECT_HOME", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"),
}
_DESCRIPTIONS = {
    "serve": "library-sync: Prefect's server, the schedules and a worker",
    "worker": "library-sync: a worker of the Prefect server's pool",
}


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of our commands, to be run for as long as the user's machine does.

    `command` is its name, `words` its options; it is run in `folder`, where the `.env` is.
    """

    command: str
    words: Sequence[str] = ()
    folder: Path = field(default_factory=Path.cwd)
    state_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the system."""
        return f"library-sync-{self.command}"

    @property
    def command_line(self) -> list[str]:
        """What is run, by whole paths: a service has no PATH of the user's."""
        script = Path(sys.executable).parent / "library-sync"
        start = [str(script)] if script.is_file() else [sys.executable, "-m", "flows"]
        return [*start, self.command, *self.words]


def prefect_environment(command: str) -> dict[str, str]:
    """Which server, profile and folder the service uses, as this shell has it; nothing secret."""
    return {name: os.environ[name] for name in _PREFECT[command] if os.environ.get(name)}


def systemd_unit(service: Service) -> str:
    """A unit of the user's systemd. SIGTERM goes to us alone: we end what we started in order."""
    settings = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in service.environment.items()
    )
    command = " ".join(_quoted(word) for word in service.command_line)
    return (
        "[Unit]\n"
        f"Description={_DESCRIPTIONS[service.command]}\n"
        "After=network-online.target\n"
        "Wants=network-online.target\n\n"
        "[Service]\n"
        f"ExecStart={command}\n"
        f"WorkingDirectory={str(service.folder).replace('%', '%%')}\n"
        f"{settings}"
        "KillMode=mixed\n"
        "TimeoutStopSec=60\n"
        "Restart=on-failure\n"
        "RestartSec=30\n"
        "UMask=0077\n\n"
        "[Install]\n"
        "WantedBy=default.target\n"
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it back: its own escapes, and no specifiers or variables of ours."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if plain != word or " " in word else word


def launchd_agent(service: Service) -> str:
    """An agent of the user's launchd, as the XML of a property list."""
    log = str(service.state_dir / f"{service.command}.log")
    agent = {
        "Label": service.name,
        "ProgramArguments": service.command_line,
        "WorkingDirectory": str(service.folder),
        "EnvironmentVariables": dict(service.environment),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ExitTimeOut": 60,
        "ProcessType": "Background",
        "StandardOutPath": log,
        "StandardErrorPath": log,
        "Umask": 0o077,
    }
    return plistlib.dumps(agent).decode()


@dataclass(frozen=True)
class Unit:
    """What is installed where, and the commands that start and stop it."""

    path: Path
    text: str
    start: Sequence[Sequence[str]]
    stop: Sequence[Sequence[str]]

    def install(self) -> str:
        """Write it and start it; a sentence. Raises ConfigurationError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(self.text, "utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be written ({error.strerror}).",
                remedy="Make its folder writable, or start the command by hand.",
            ) from error
        failed = [problem for words in self.start if (problem := _run(words))]
        if failed:
            commands = " && ".join(shlex.join(words) for words in self.start)
            return f"{self.path} is written. It could not be started ({failed[0]}): {commands}"
        return f"{self.path} is written and started; it starts again with the machine."

    def uninstall(self) -> str:
        """Stop it and remove what was written; a sentence."""
        if not self.path.exists():
            return f"Nothing to take back: there is no {self.path}."
        for words in self.stop:
            _run(words)
        self.path.unlink(missing_ok=True)
        return f"Stopped, and {self.path} is removed."


def unit_for(service: Service, platform: str = sys.platform, home: Path | None = None) -> Unit:
    """The unit for this system. Raises ConfigurationError where we know none."""
    home = home or Path.home()
    if platform == "darwin":
        path = home / "Library" / "LaunchAgents" / f"{service.name}.plist"
        domain = f"gui/{os.getuid()}"
        start = [["launchctl", "bootstrap", domain, str(path)]]
        stop = [["launchctl", "bootout", f"{domain}/{service.name}"]]
        return Unit(path, launchd_agent(service), start, stop)
    if platform.startswith("linux"):
        path = home / ".config" / "systemd" / "user" / f"{service.name}.service"
        user = ["systemctl", "--user"]
        start = [[*user, "daemon-reload"], [*user, "enable", "--now", path.name]]
        return Unit(path, systemd_unit(service), start, [[*user, "disable", "--now", path.name]])
    raise ConfigurationError(
        f"No service can be installed on {platform}.",
        remedy=f"Start `{shlex.join(service.command_line)}` by the system's own scheduler.",
    )


def _run(words: Sequence[str]) -> str:
    """What went wrong, "" if nothing did."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (said[0] if said else f"exit code {done.returncode}")
