"""The Prefect server that a run starts for itself when none is configured.

`python -m flows.prefect_server.own_server` is that server; it ends with the run that started it,
also when that is killed. Prefect would start one as well, but only after its client has imported
all of the server first, for nothing: 5 s of every run (docs/performance-orchestration.md). Here
both sides are imported at the same time, and requests wait in the socket until the server answers.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_server.environment import EMBEDDED, names_a_server, prefect_home
from flows.prefect_server.importing import heavy_imports

if TYPE_CHECKING:
    import uvicorn

__all__ = ["serve_prefect", "start"]

_SETTINGS = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_SERVER_UI_ENABLED": "false",
    # Nothing is scheduled here and nobody watches for events; what is left keeps the history.
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    # The states of tasks in one transaction for many; Prefect's own default is one for each.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
}
_SECONDS_TO_END = 5.0


def serve_prefect() -> None:
    """Start a server for this run unless the user has one; to be called before the import, too."""
    if os.name == "nt" or names_a_server():  # Windows hands no sockets on: Prefect starts its own
        return
    start()


def start() -> None:
    """Start the server and name it in PREFECT_API_URL; returns at once, before it answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        port = listener.getsockname()[1]
        server = _spawn(listener.fileno())
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    os.environ[EMBEDDED] = str(os.getpid())
    atexit.register(_stop, server)


def _spawn(listener: int) -> subprocess.Popen[bytes]:
    """The server's process, out of reach of Ctrl-C: it must outlive the run's own ending."""
    log = prefect_home() / "library-sync-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        return subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", "flows.prefect_server.own_server", str(listener)],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            pass_fds=(listener,),
            start_new_session=True,
            env=os.environ | {n: v for n, v in _SETTINGS.items() if n not in os.environ},
            cwd=Path(__file__).parents[2],
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        assert server.stdin is not None
        server.stdin.close()
    try:
        server.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _serve(listener: int) -> None:
    """Serve until standard input ends."""
    with heavy_imports():
        import uvicorn  # noqa: PLC0415
        from prefect.server.api.server import create_app  # noqa: PLC0415

        from flows.prefect_server.own_process import write_in_turn  # noqa: PLC0415

        write_in_turn()
        app = create_app()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    threading.Thread(target=_end_with_the_run, args=(server,), daemon=True).start()
    server.run([socket.socket(fileno=listener)])


def _end_with_the_run(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True
    threading.Event().wait(_SECONDS_TO_END)
    os._exit(1)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
