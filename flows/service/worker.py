"""`library-sync worker`: this machine takes runs from the pool, one at a time, until it is stopped.

Prefect's own worker kills the run it has when it is stopped. This one takes nothing new, asks the
run to end, waits until its rows are free and its flow runs ended, and then leaves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import deque
from contextlib import suppress
from typing import Any
from uuid import UUID

import anyio
from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.prefect_server.objects import WORK_POOL, require_work_pool
from flows.prefect_server.orphans import end_run
from flows.prefect_server.outage import OUT_OF_REACH
from flows.service.overdue_runs import drop_all_but_newest
from tasks.locks.ports import this_host

_log = logging.getLogger("flows.worker")

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SECONDS_TO_END = 25.0
_LOOKS_EVERY = 0.2
_REMEMBERED = 50
_STOPPED = "The worker was stopped before this run had ended. The next run does its tracks."


class LibraryWorker(ProcessWorker):
    """Prefect's worker for processes; it lets its run end in order before it leaves."""

    @classmethod
    def __dispatch_key__(cls) -> str:
        """Of its own: by the pool's type, Prefect goes on to find its own worker."""
        return "library-sync-process"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._is_leaving = False
        self._taken: deque[UUID] = deque(maxlen=_REMEMBERED)
        self._processes: dict[UUID, int] = {}

    @property
    def is_busy(self) -> bool:
        """True while a run is being started or at work."""
        return bool(self._processes) or self.limiter.borrowed_tokens > 0

    def leave(self) -> None:
        """Take no further run."""
        self._is_leaving = True

    def end_runs(self) -> None:
        """Ask the runs at work to free their rows and end."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGTERM)  # each is the head of a group of its own

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Prefect's, unless we are leaving; of what piled up while nobody looked, the newest."""
        if self._is_leaving or self.is_busy:
            return []
        await drop_all_but_newest(self.client, self.work_pool.name)
        runs = await super().get_and_submit_flow_runs()
        self._taken.extend(run.id for run in runs)
        return runs

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """Prefect's; the process is remembered for as long as it lives."""
        status = _Noted(flow_run.id, self._processes, task_status)
        try:
            return await super().run(flow_run, configuration, status)
        finally:
            self._processes.pop(flow_run.id, None)

    async def end_what_is_open(self) -> None:
        """Whatever this worker took lately has an end on the server when it is gone."""
        async with get_client() as client:
            for run in self._taken:
                with suppress(*OUT_OF_REACH, ObjectNotFound):
                    await end_run(client, run, _STOPPED)


class _Noted(anyio.abc.TaskStatus[int]):
    """Keeps the id of the process that was started, and passes it on."""

    def __init__(
        self, run: UUID, processes: dict[UUID, int], then: anyio.abc.TaskStatus[int] | None
    ) -> None:
        self._run, self._processes, self._then = run, processes, then

    def started(self, value: Any = None) -> None:
        """Prefect calls it with the process's id."""
        self._processes[self._run] = value
        if self._then is not None:
            self._then.started(value)


async def work_until_stopped(*, drain: bool, name: str = "") -> None:
    """Work for the pool until a signal comes: SIGTERM, Ctrl-C, or the terminal's end.

    With `drain` the run at work may finish first; a second signal ends it as well, a third one
    everything at once. Raises ConfigurationError without the pool.
    """
    await require_work_pool()
    worker = LibraryWorker(
        work_pool_name=WORK_POOL,
        name=name or this_host(),
        limit=1,
        create_pool_if_not_found=False,
    )
    signals = _Signals()
    with signals:
        working = asyncio.create_task(worker.start(printer=_say))
        stopped = asyncio.create_task(signals.wait(1))
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not working.done():
            await _leave(worker, signals, drain=drain)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await worker.end_what_is_open()
    if not working.cancelled() and (error := working.exception()) is not None:
        raise error


async def _leave(worker: LibraryWorker, signals: _Signals, *, drain: bool) -> None:
    worker.leave()
    if worker.is_busy and drain:
        _log.info("No further run is taken; the one at work may finish. Again: it ends now.")
        ended = asyncio.create_task(_all_ended(worker))
        again = asyncio.create_task(signals.wait(2))
        await asyncio.wait({ended, again}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (ended, again):
            waiting.cancel()
    if worker.is_busy:
        _log.info("Stopping: the run at work frees its rows first, which takes a few seconds.")
        worker.end_runs()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_END):
                await _all_ended(worker)


async def _all_ended(worker: LibraryWorker) -> None:
    while worker.is_busy:  # noqa: ASYNC110  (Prefect's limiter has no event)
        await asyncio.sleep(_LOOKS_EVERY)


class _Signals:
    """How often we were asked to stop; the third time the process ends as it is."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = asyncio.Event()

    def __enter__(self) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._note, number)

    def __exit__(self, *_: object) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _note(self, number: int) -> None:
        self._count += 1
        if self._count > 2:
            os._exit(128 + number)
        self._changed.set()

    async def wait(self, count: int) -> None:
        """Until we were asked to stop for the `count`th time."""
        while self._count < count:
            self._changed.clear()
            await self._changed.wait()


def _say(text: str, **_: object) -> None:
    _log.info("%s", text)
