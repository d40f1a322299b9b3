"""Between a worker and its run: a process that the worker may kill without harm.

A Prefect worker that is stopped sends its run SIGKILL. With the pull step `guarded` (prefect.yaml)
it hits this process, whose child the run is: the run notices, frees its rows and ends in order
(`flows.prefect_server.caretaker`). A cancellation from the server reaches both, as a process group.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_SCRIPT = "library-sync-run"
_LOOKS_EVERY = 0.5


def guarded() -> None:
    """The pull step: what this process starts next as Python is started by `_SCRIPT`.

    Prefect starts a run as `sys.executable -m prefect.engine`, in the process that has taken the
    pull steps. Where the script is not installed, and on Windows, nothing changes.
    """
    script = Path(sys.executable).parent / _SCRIPT
    if os.name == "posix" and script.is_file():
        sys.executable = str(script)


def main() -> int:
    """`library-sync-run -m prefect.engine`: run it in a child, and end with its exit code.

    Signals to the group are the child's to heed. Should our own parent go, the child is left to
    itself, and notices.
    """
    child = subprocess.Popen([sys.executable, *sys.argv[1:]])  # noqa: S603  (Prefect's engine)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    worker = os.getppid()
    while (code := child.poll()) is None:
        if os.getppid() != worker:
            return 0
        time.sleep(_LOOKS_EVERY)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code
