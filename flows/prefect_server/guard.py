"""Between a worker and its run: a process that the worker may kill without harm.

A Prefect worker that is stopped sends its run SIGKILL. With the pull step `guarded` (prefect.yaml)
it hits this process, whose child the run is: the run notices, frees its rows and ends in order
(`flows.prefect_server.caretaker`). A cancellation from the server reaches both, as a process group.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from flows.prefect_server.reaches import start_next_as

_SCRIPT = "library-sync-run"
_NOTHING = Path(shutil.which("true") or "/bin/true")
_LOOKS_EVERY = 0.5


async def guarded() -> None:
    """The pull step: the run that this process starts next is started by `_SCRIPT`.

    A run with fields that its flow does not have has its end already, and nothing is started.
    """
    run = os.environ.get("PREFECT__FLOW_RUN_ID")
    if run is not None and await _is_refused(UUID(run)):
        start_next_as(_NOTHING)
    else:
        start_next_as(Path(sys.executable).parent / _SCRIPT)


async def _is_refused(run: UUID) -> bool:
    from flows.prefect_server.outage import OUT_OF_REACH  # noqa: PLC0415  (the guard itself is small)
    from flows.prefect_server.parameters import refuse_unknown  # noqa: PLC0415

    try:
        return await refuse_unknown(run)
    except OUT_OF_REACH:
        return False


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
