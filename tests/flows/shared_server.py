"""The Prefect server that a run starts for itself, as one that many runs of a test process share.

It needs no password, so that commands started by a test may use it too.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.prefect_server.own_server import _SETTINGS

__all__ = ["shared_server"]

_ROOT = Path(__file__).parents[2]


@contextmanager
def shared_server(home: Path) -> Iterator[str]:
    """Its API's address; requests wait in its socket until it answers, some seconds later."""
    with socket.socket() as listener, (home / "server.log").open("wb") as said:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        words = [str(listener.fileno()), "1000"]
        server = subprocess.Popen(
            [sys.executable, "-m", "flows.prefect_server.own_process", *words],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            pass_fds=(listener.fileno(),),
            env=os.environ | _SETTINGS | {"PREFECT_HOME": str(home)},
            cwd=_ROOT,
        )
    try:
        yield address
    finally:
        server.kill()
        server.wait()
