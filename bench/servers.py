"""Real servers for benchmarks and tests: PostgreSQL and Prefect, on free ports, ended by id."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx

_PATIENCE = 180.0
_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
}


def _program(name: str) -> str | None:
    """The newest PostgreSQL's program, which Debian keeps out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


POSTGRES_MISSING = (
    "" if _program("postgres") and _program("initdb") else "no PostgreSQL server here"
)
"""Why PostgreSQL cannot be started; empty if it can."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with Ctrl-C at its default (docs/facts/prefect.md), ended with the block."""
    with log.open("ab") as said:
        running = subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=cwd,
            user=user,
            start_new_session=True,
            preexec_fn=_heed_ctrl_c,  # noqa: PLW1509  (one call, and nothing locked in it)
        )
    try:
        yield running
    finally:
        _end(running)


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end(running: subprocess.Popen[bytes]) -> None:
    """Ask the process, then its whole session, which is ours."""
    if running.poll() is None:
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(15)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


@contextlib.contextmanager
def running_postgres(folder: Path, *, host: str = "127.0.0.1") -> Iterator[str]:
    """A PostgreSQL of its own under `folder`; yields the address Prefect's server takes."""
    data, port = folder / "data", free_port(host)
    data.mkdir(parents=True)
    user = _unprivileged(folder)
    initdb, postgres = str(_program("initdb")), str(_program("postgres"))
    with (folder / "initdb.log").open("wb") as said:
        subprocess.run(
            [initdb, "-D", str(data), "-U", "prefect", "--auth=trust", "-E", "UTF8", "-N"],
            check=True,
            stdout=said,
            stderr=said,
            user=user,
            cwd=folder,
        )
    command = [postgres, "-D", str(data), "-h", host, "-p", str(port), "-k", str(folder)]
    with process(command, folder / "postgres.log", user=user, cwd=folder) as server:
        _await_port(server, host, port, folder / "postgres.log")
        yield f"postgresql+asyncpg://prefect@{host}:{port}/postgres"


def _unprivileged(folder: Path) -> int | None:
    """PostgreSQL refuses to run as root: the user it runs as then, owning `folder`."""
    if os.getuid() != 0:
        return None
    names = [entry.pw_name for entry in pwd.getpwall()]
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody").pw_uid
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, -1)
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return user


def _await_port(server: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    for _ in range(int(_PATIENCE * 10)):
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"no answer at {host}:{port}:\n{log.read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def prefect_server(
    folder: Path,
    *,
    database: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """A Prefect server over `database` (default: SQLite in `folder`); yields its API's address."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = port or free_port(host), folder / "prefect-server.log"
    environment = {n: v for n, v in os.environ.items() if n != "PREFECT_API_URL"} | _QUIET
    environment |= {"PREFECT_HOME": str(folder), "PREFECT_UI_API_URL": f"http://{host}:{port}/api"}
    environment |= settings or {}
    if database:
        environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    command = [sys.executable, "-m", "prefect", "server", "start"]
    command += ["--host", host, "--port", str(port)]
    with process(command, log, environment=environment, cwd=folder) as server:
        _await_health(server, f"http://{host}:{port}/api", log)
        yield f"http://{host}:{port}/api"


def _await_health(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(int(_PATIENCE * 5)):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/health", trust_env=False).is_success:
                return
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"no Prefect server:\n{log.read_text(errors='replace')[-2000:]}")
