"""The Prefect server that a run starts for itself when none is configured.

Prefect would start one as well, but its client first imports all of the server, for nothing: 5 s of
every run (docs/performance-orchestration.md). Here the server's address is reserved first, since a
run may turn out to need no server. Then both sides are imported at the same time, and requests wait
in the socket until the server answers. It ends with the run that started it, also when that is
killed. If it dies or hangs, it is given up, and the run goes on without its record. Only the run
knows its password.
"""

from __future__ import annotations

import atexit
import base64
import http.client
import logging
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO

from flows.prefect_server.environment import EMBEDDED, LEAN_SERVER, names_a_server, prefect_home

_log = logging.getLogger("flows.prefect_server")

_SETTINGS = LEAN_SERVER | {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_SERVER_UI_ENABLED": "false",
    # No page in a browser has business here.
    "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "null",
    # Nothing is scheduled here, and nobody watches for events.
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    # A run of ours keeps no block, and to make Prefect's own takes a second of the first start.
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
}
# A server on this machine that does not answer has died: it would not help to ask for minutes.
_CLIENT_RETRIES = "1"
_KEEP_RUNS = 50
_SECONDS_TO_END = 5.0
_LOOKS_EVERY = 2.0
_HANGS_AFTER = 10.0

GONE = threading.Event()
"""Set once our own server has died or was given up: nothing is asked of it any more."""
_reserved: socket.socket | None = None
_started: subprocess.Popen[bytes] | None = None


def serve_prefect(*, keep_runs: int = _KEEP_RUNS) -> None:
    """Start a server for this run unless the user has one; to be called before the import, too.

    Of the runs in its database the newest `keep_runs` stay.
    """
    reserve_prefect()
    if _reserved is not None:
        start(keep_runs=keep_runs)


def reserve_prefect() -> None:
    """Name the address of this run's own server in PREFECT_API_URL, unless the user has a server.

    Nothing answers there before `serve_prefect`.
    """
    if os.name != "nt" and not names_a_server():  # Windows hands no sockets on: Prefect starts one
        _reserve()


def _reserve() -> None:
    global _reserved  # noqa: PLW0603  (a process has one server)
    _reserved = socket.socket()
    _reserved.bind(("127.0.0.1", 0))
    _reserved.listen(128)
    os.environ["PREFECT_API_AUTH_STRING"] = f"library-sync:{secrets.token_urlsafe(32)}"
    os.environ["PREFECT_CLIENT_MAX_RETRIES"] = _CLIENT_RETRIES
    os.environ["PREFECT_CLIENT_CSRF_SUPPORT_ENABLED"] = "false"  # our server hands out no tokens
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{_reserved.getsockname()[1]}/api"
    os.environ[EMBEDDED] = str(os.getpid())


def start(*, keep_runs: int = _KEEP_RUNS) -> None:
    """Start the server at its reserved address; returns at once, before it answers."""
    global _reserved, _started  # noqa: PLW0603  (a process has one server)
    if _reserved is None:
        _reserve()
    assert _reserved is not None
    password = os.environ["PREFECT_API_AUTH_STRING"]
    with _reserved as listener:
        port = listener.getsockname()[1]
        server = _started = _spawn(listener.fileno(), password, keep_runs)
    _reserved = None
    ending = threading.Event()
    for work, given in ((_pass_on, (server,)), (_watch, (server, port, password, ending))):
        threading.Thread(target=work, args=given, daemon=True, name="prefect-server").start()
    atexit.register(_stop, server, ending)


def _spawn(listener: int, password: str, keep_runs: int) -> subprocess.Popen[bytes]:
    """The server's process, out of reach of Ctrl-C: it must outlive the run's own ending."""
    with _log_file() as said:
        return subprocess.Popen(  # noqa: S603  (our own module)
            [
                sys.executable,
                "-m",
                "flows.prefect_server.own_process",
                str(listener),
                str(keep_runs),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            pass_fds=(listener,),
            start_new_session=True,
            env=_environment(os.environ, password),
            cwd=Path(__file__).parents[2],
        )


def _environment(given: Mapping[str, str], password: str) -> dict[str, str]:
    """The server's: what the user has set stays, but for what keeps others out."""
    ours = {name: value for name, value in _SETTINGS.items() if name not in given}
    return dict(given) | ours | {"PREFECT_SERVER_API_AUTH_STRING": password}


def _log_file() -> IO[bytes]:
    """Where the server says what goes wrong; nowhere if the folder cannot be written."""
    try:
        log = prefect_home() / "library-sync-server.log"
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = log.open("wb")
    except OSError:
        return tempfile.TemporaryFile()
    log.chmod(0o600)
    return opened


def _pass_on(server: subprocess.Popen[bytes]) -> None:
    """What the server has to say to the user, a line a sentence."""
    assert server.stdout is not None
    for line in server.stdout:
        _log.warning("%s", line.decode(errors="replace").rstrip())


def _watch(
    server: subprocess.Popen[bytes], port: int, password: str, ending: threading.Event
) -> None:
    """Give the server up once it is dead, or has answered before and is silent for 10 s."""
    answered = 0.0
    while not ending.is_set():
        if server.poll() is not None:
            break
        if _answers(port, password):
            answered = monotonic()
        elif answered and monotonic() - answered > _HANGS_AFTER:
            break
        sleep(_LOOKS_EVERY)
    if not ending.is_set():
        give_up("it is dead, or does not answer")


def give_up(why: str) -> None:
    """Ask our own server nothing more. Without one, as on a server of the user's, does nothing."""
    if GONE.is_set() or _started is None:
        return
    GONE.set()
    _started.kill()
    logging.raiseExceptions = False  # Prefect would say of each log line that it was not taken
    home = prefect_home()
    _log.warning(
        "The Prefect server of this run failed (%s): its record in %s ends here, the work goes on. "
        "%s may say more.",
        why,
        home / "prefect.db",
        home / "library-sync-server.log",
    )


def _answers(port: int, password: str) -> bool:
    word = base64.b64encode(password.encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_HANGS_AFTER)
    try:
        connection.request("GET", "/api/health", headers={"Authorization": f"Basic {word}"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(server: subprocess.Popen[bytes], ending: threading.Event) -> None:
    ending.set()
    end(server, _SECONDS_TO_END)


def end(server: subprocess.Popen[bytes], seconds: float) -> None:
    """End a process that works until its standard input ends; kill it if it takes longer."""
    assert server.stdin is not None
    with suppress(OSError):
        server.stdin.close()
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
