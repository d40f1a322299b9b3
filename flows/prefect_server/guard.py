"""Between a worker and its run: a process that the worker may kill without harm.

A Prefect worker that is stopped sends its run SIGKILL. With the pull step `guarded` (prefect.yaml)
that ends this process, whose child the run is. The run notices, frees its rows and ends in order
(`flows.prefect_server.worker_run`). A cancellation from the server reaches both, a process group.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from flows.prefect_server.patches import start_next_as

if TYPE_CHECKING:
    from flows.prefect_server.parameters import Asked

_SCRIPT = "library-sync-run"
_NOTHING = Path(shutil.which("true") or "/bin/true")
_ROOT = Path(__file__).parents[2]
_LOOKS_EVERY = 0.5


async def guarded() -> dict[str, str]:
    """The pull step: the run that this process starts next is started by `_SCRIPT`.

    A run with fields that its flow does not have has its end already, and nothing is started. A
    flow named by its file is found where the project is installed.
    """
    asked = await _asked()
    if asked is not None and asked.unknown:
        start_next_as(_NOTHING)
        return {}
    start_next_as(Path(sys.executable).parent / _SCRIPT)
    return {"directory": str(_ROOT)} if asked is not None and asked.is_of_file else {}


async def _asked() -> Asked | None:
    """What this process's run was asked for; None if the server does not say."""
    from flows.prefect_server.outage import OUT_OF_REACH  # noqa: PLC0415  (`main` is small)
    from flows.prefect_server.parameters import asked_of  # noqa: PLC0415

    run = os.environ.get("PREFECT__FLOW_RUN_ID")
    try:
        return None if run is None else await asked_of(UUID(run))
    except OUT_OF_REACH:
        return None


def main() -> int:
    """`library-sync-run -m prefect.engine`: run it in a child, and end with its exit code.

    The child takes the signals to the group. If our own parent goes, we end as well, and the child
    notices.
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
