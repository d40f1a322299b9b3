"""A real `library-sync sync` in a process of its own, started in a moment, to be killed.

A fork server imports Prefect once; each process is then forked from it, so that a test of a crash
costs a second instead of five.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from flows.prefect_server.environment import prepare_prefect
from sandbox.threaded import RunningSandbox
from tasks.locks.timing import LockTiming
from tests.timing import ALONE, patience_with

prepare_prefect()

_FORKS = multiprocessing.get_context("forkserver")


class SyncProcess:
    """The running process and what it printed."""

    def __init__(self, process: ForkServerProcess, output: Path) -> None:
        self._process = process
        self._output = output

    @property
    def output(self) -> str:
        """Standard error so far."""
        return self._output.read_text("utf-8")

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.join(10)

    def exit_code(self, seconds: float) -> int | None:
        """Its exit code once it has ended, None if it has not after `seconds`."""
        self._process.join(seconds)
        return self._process.exitcode


@contextmanager
def started(
    sandbox: RunningSandbox, api_url: str, *words: str, timing: LockTiming = ALONE
) -> Iterator[SyncProcess]:
    """`library-sync sync WORDS` against `sandbox`, its flow runs on the server at `api_url`."""
    environment = sandbox.environment | {
        "NOTION_REQUESTS_PER_MINUTE": "100000",
        "PREFECT_API_URL": api_url,  # the fork server may be older than this address
    }
    output = sandbox.state / f"output-{time.monotonic_ns()}"
    output.touch()
    given = (environment, str(output), sandbox.state, ["sync", *words], timing)
    with forked(run_command, given, api_url) as process:
        running = SyncProcess(process, output)
        try:
            yield running
        finally:
            running.kill()


@contextmanager
def forked(
    work: Callable[..., None], given: tuple[Any, ...], api_url: str
) -> Iterator[ForkServerProcess]:
    """A process that does `work(*given)`, having imported Prefect; the server is at `api_url`."""
    os.environ["PREFECT_API_URL"] = api_url
    try:
        _FORKS.set_forkserver_preload(["tests.flows.sync_process", "flows.library_sync"])
        process = _FORKS.Process(target=work, args=given)
        process.start()
    finally:
        del os.environ["PREFECT_API_URL"]
    try:
        yield process
    finally:
        process.kill()
        process.join(10)


def wait_until(happened: Callable[[], Any], seconds: float = 120.0) -> Any:
    """What `happened` returns once that is true; AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := happened():
            return found
        time.sleep(0.005)
    raise AssertionError(f"It did not happen within {seconds:.0f} s.")


def run_command(
    environment: Mapping[str, str],
    output: str,
    folder: Path,
    words: list[str],
    timing: LockTiming = ALONE,
) -> None:
    """`library-sync WORDS` in `folder`, printing to the file or the terminal `output`."""
    os.environ.update(environment)
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415

    refresh_global_settings_context()  # Prefect was imported for another test's server, perhaps
    from flows.__main__ import main  # noqa: PLC0415  (Prefect reads its settings now)
    from flows.fan_out import subflows  # noqa: PLC0415
    from flows.session.opening import SessionOptions, session_options  # noqa: PLC0415

    subflows._SECONDS = 60.0  # a busy machine takes its time to end what was cancelled

    options = SessionOptions(timing=timing, patience=patience_with(timing))
    session_options.set(options)
    sys.exit(main(words))
