"""A worker's run ends in order, also if it is killed or its worker is.

A Prefect worker that is stopped kills its runs at once (SIGKILL): they free no row and end no
subflow. So a small process waits beside the run (`flows.service.caretaker`), and does both if the
run is gone without a word. A run that outlives its worker (`flows.prefect_server.guard`) is
cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from flows.prefect_server.patches import outlive_broken_pipes
from flows.prefect_server.run_pages import sent_to_the_run

_log = logging.getLogger("flows.caretaker")

RUN_VARIABLE = "PREFECT__FLOW_RUN_ID"
"""Set by a worker, to the id of the run it starts."""

_CARETAKER = "flows.service.caretaker"
_LOOKS_EVERY = 0.5


@asynccontextmanager
async def cared_for() -> AsyncIterator[None]:
    """Around the work of a run: its log goes to its page. In a worker, it is watched as well."""
    with sent_to_the_run():
        run = os.environ.get(RUN_VARIABLE)
        if run is None or os.name == "nt":
            yield
            return
        async with _watched(run):
            yield


@asynccontextmanager
async def _watched(run: str) -> AsyncIterator[None]:
    outlive_broken_pipes()
    caretaker = _start(run)
    looking = asyncio.create_task(_stop_without_worker(os.getppid(), asyncio.current_task()))
    try:
        yield
    finally:
        looking.cancel()
        with suppress(OSError):
            assert caretaker.stdin is not None
            caretaker.stdin.write(b"done")
            caretaker.stdin.close()


def _start(run: str) -> subprocess.Popen[bytes]:
    """In a session of its own, out of reach of what ends the run, and without the run's pipes."""
    return subprocess.Popen(  # noqa: S603  (our own module)
        [sys.executable, "-m", _CARETAKER, run],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=Path.home(),  # the worker's folder for the run goes with it
    )


async def _stop_without_worker(worker: int, run: asyncio.Task[Any] | None) -> None:
    """Cancel the run once its parent is another than `worker`: as Ctrl-C does."""
    while os.getppid() == worker:  # noqa: ASYNC110  (a parent's end is no event)
        await asyncio.sleep(_LOOKS_EVERY)
    _log.warning("The worker of this run is gone: its rows are freed, and it ends.")
    if run is not None:
        run.cancel()
