"""A flow run from the command line: its options, its settings, its summary, its exit code."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from multiprocessing import util
from typing import Any, NoReturn, TypeVar

from flows.before_prefect.beginning import begin
from flows.before_prefect.idle_run import idle_run
from flows.command_line.command import Verbosity
from flows.command_line.endings import Stopped, exit_code
from flows.command_line.options import SyncOptions
from flows.command_line.signals import run_until_stopped
from flows.prefect_server.environment import heavy_imports, is_embedded, prepare_prefect
from flows.prefect_server.own_server import GONE, reserve_prefect, serve_prefect
from flows.progress.output import write_json
from flows.progress.terminal import Display
from flows.session.job import Job, batch_job, sync_job
from flows.session.opening import SessionOptions, opened_ahead, session_options
from flows.session.preflight import require_credentials
from flows.session.run_state import ended_runs, stopped_runs
from flows.settings import Settings
from flows.summary import ReturnCode, SyncSummary
from tasks.errors import ConfigurationError, SyncError

_log = logging.getLogger("flows.commands")

T = TypeVar("T")

_SECONDS_TO_RECORD = 8.0


def run_sync(
    command: str,
    options: SyncOptions,
    settings: Settings,
    verbosity: Verbosity,
    *,
    more: Mapping[str, Any] | None = None,
    only: frozenset[str] | None = None,
) -> int:
    """`sync` and `batch`: the flow, then the JSON summary, then the return code.

    `more` are parameters of the flow that only this command has; `only` are the page ids a sync is
    restricted to.
    """
    line = _ready(settings, verbosity)
    job = _job(command, options, verbosity, more or {})

    def leave(summary: SyncSummary) -> NoReturn:
        _write(options, summary)
        _end_without_prefect(summary.return_code)

    with _written_if_cut_off(options, job):
        summary, is_recorded = _outcome(job, settings, line, only, leave)
    if not is_recorded:
        leave(summary)
    _write(options, summary)
    return summary.return_code


@contextmanager
def _written_if_cut_off(options: SyncOptions, job: Job) -> Iterator[None]:
    """A run that is stopped, or that an error ends, leaves its JSON as well."""
    known: list[SyncSummary] = []
    stopped_runs.set(known)
    try:
        yield
    except Stopped as stop:
        ended = _cut_off(job, known, "It was stopped before anything was begun.")
        _write(options, ended, stop.exit_code)
        raise
    except SyncError as error:
        ended = _cut_off(job, known, f"{error} {error.remedy}")
        _write(options, ended, exit_code(error))
        raise


def _ready(settings: Settings, verbosity: Verbosity) -> Display:
    """The terminal of a run that may begin. Raises ConfigurationError."""
    line = verbosity.attach()
    require_credentials(settings)
    if not verbosity.quiet:
        line.note("Starting; the first lines come in a few seconds.")
    prepare_prefect(debug=verbosity.debug)
    reserve_prefect()
    return line


def _write(options: SyncOptions, summary: SyncSummary, code: int | None = None) -> None:
    """The JSON, where it is wanted; `code` is the exit code of a run that has no verdict."""
    if options.json is not None:
        told = {} if code is None else {"return_code": code}
        write_json(options.json, summary.to_dict() | told)


def _cut_off(job: Job, known: Sequence[SyncSummary], why: str) -> SyncSummary:
    """What is known of a run that ended before its time: only `why`, if it had not begun."""
    if known:
        return known[-1]
    return SyncSummary(mode=job.mode, track_filter=job.filter, error=why, dry_run=job.dry_run)


def _job(command: str, options: SyncOptions, verbosity: Verbosity, more: Mapping[str, Any]) -> Job:
    make = sync_job if command == "sync" else batch_job
    return make(
        filter=options.filter,
        limit=options.limit,
        parallel=options.parallel,
        workers=options.workers,
        cleanup=not options.no_cleanup,
        debug=verbosity.debug,
        dry_run=options.dry_run,
        **more,
    )


def ready_prefect(verbosity: Verbosity, settings: Settings) -> None:
    """Prefect's settings and its server, before it is imported."""
    prepare_prefect(debug=verbosity.debug)
    serve_prefect(keep_runs=settings.keep_runs)


def _end_without_prefect(code: ReturnCode) -> NoReturn:
    """End here: at a usual exit Prefect would offer its events to a dead server for minutes."""
    logging.shutdown()
    # Else Python complains of the semaphores of our decoders.
    util._run_finalizers(0)  # type: ignore[attr-defined]  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _flow(job: Job) -> Any:
    """The flow of the job; importing it is importing Prefect, which takes seconds."""
    with heavy_imports():
        from flows.batch_sync import batch_sync  # noqa: PLC0415
        from flows.library_sync import library_sync  # noqa: PLC0415

    return batch_sync if job.in_rounds else library_sync


def _outcome(
    job: Job,
    settings: Settings,
    line: Display,
    only: frozenset[str] | None,
    leave: Callable[[SyncSummary], NoReturn],
) -> tuple[SyncSummary, bool]:
    """The run's summary, and whether Prefect's server took its end."""

    async def call() -> tuple[SyncSummary, bool]:
        hand_down(settings, line, only)
        async with _before_prefect(job, only) as idle:
            if idle is not None:
                return idle, True
            serve_prefect(keep_runs=settings.keep_runs)
            return await _by_flow(job, leave)

    return run_until_stopped(call)


async def _by_flow(job: Job, leave: Callable[[SyncSummary], NoReturn]) -> tuple[SyncSummary, bool]:
    """The summary of the job's flow, and whether Prefect's server took its end."""
    flow = await asyncio.to_thread(_flow, job)
    from flows.prefect_server.outage import OUT_OF_REACH, in_short, no_server  # noqa: PLC0415

    ended: list[SyncSummary] = []
    ended_runs.set(ended)
    watch = asyncio.ensure_future(_leave_if_stuck(ended, leave))
    try:
        return await _summary_of(flow, job), True
    except OUT_OF_REACH as error:
        if not ended:
            raise no_server(error) from error
        _log.warning(
            "The Prefect server did not take the end of this run's record: %s", in_short(error)
        )
        return ended[-1], False
    finally:
        watch.cancel()


async def _summary_of(flow: Any, job: Job) -> SyncSummary:
    """What the flow returns. Raises what it failed with."""
    state = await flow(**job.parameters, return_state=True)
    outcome = await state.aresult(raise_on_failure=False)
    if isinstance(outcome, BaseException):
        raise outcome
    if not isinstance(outcome, SyncSummary):
        raise ConfigurationError(
            f"The flow ended without a summary: {outcome!r}", remedy="Run again with --debug."
        )
    return outcome


@asynccontextmanager
async def _before_prefect(
    job: Job, only: frozenset[str] | None
) -> AsyncIterator[SyncSummary | None]:
    """What the run does before Prefect is there; its summary, if that is all of it.

    With a server of the user's, its limits come first.
    """
    if not is_embedded():
        yield None
    elif only is not None or job.retry_failed or job.distribute:
        async with opened_ahead(dry_run=job.dry_run):
            yield None
    else:
        async with begin(job) as beginning:
            yield await idle_run(beginning, job)


async def _leave_if_stuck(
    ended: Sequence[SyncSummary], leave: Callable[[SyncSummary], NoReturn]
) -> None:
    """See that a run whose work is done ends, even if our own server does not take its end.

    A server of the user's may be restarting: that is waited for.
    """
    while not ended or not is_embedded():  # noqa: ASYNC110  (a list has no event)
        await asyncio.sleep(0.5)
    await asyncio.sleep(0.5 if GONE.is_set() else _SECONDS_TO_RECORD)
    _log.warning("Prefect's server did not take the end of this run; all else is done.")
    leave(ended[-1])


def run_with(settings: Settings, line: Display, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work()` returns, its sessions opened with these settings. Raises Stopped."""

    async def call() -> T:
        hand_down(settings, line)
        return await work()

    return run_until_stopped(call)


def hand_down(settings: Settings, line: Display | None, only: frozenset[str] | None = None) -> None:
    """Give the settings read once to every session opened in this context."""
    given = session_options.get(SessionOptions())
    session_options.set(replace(given, settings=settings, display=line, only_pages=only))
