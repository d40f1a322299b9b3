"""One Prefect server for all flow tests, and a way to run a flow against a sandbox."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import pytest
from prefect import get_client
from prefect.context import (
    _temporary_global_settings_context as _everywhere,
)
from prefect.context import get_settings_context
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)

from flows.progress.terminal import LOGGERS, TerminalHandler
from flows.session.opening import SessionOptions, session_options
from flows.settings import Settings, load_settings
from flows.summary import SyncSummary
from sandbox import builders
from sandbox.threaded import RunningSandbox, SandboxFactory
from tasks.eagle.imports import Patience
from tasks.locks.timing import LockTiming
from tasks.notion.new_rows import NewRows
from tasks.soundcloud.stage import fetch_recording
from tests.conftest import FAULTS, settle
from tests.flows.shared_server import (
    SharedServer,
    empty_database,
    kept_server,
    shared_server,
)
from tests.flows.small_world import short_samples
from tests.processes import ON_A_SERVER_OF_THEIR_OWN
from tests.timing import ALONE, among_others, patience_with

RunFlow = Callable[..., Awaitable[SyncSummary]]


@pytest.fixture(autouse=True)
def queries_that_show_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a query to catch up where none lags behind."""
    monkeypatch.setattr(NewRows, "settling", 0.0)


@pytest.fixture(autouse=True)
def attempts_that_follow_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many attempts at a recording as ever: what they find does not change by waiting."""
    monkeypatch.setattr(fetch_recording, "retry_delay_seconds", [0.05])


@pytest.fixture(autouse=True)
def short_music(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's sample tracks last seconds: runs are about rows."""
    monkeypatch.setattr(builders, "samples", short_samples)


@pytest.fixture
def sandbox_factory(sandbox_factory: SandboxFactory) -> SandboxFactory:
    """Its Eagles draw no waveforms, 25 ms of CPU a file, and import at once: no run looks at the
    first, and what the second shows has tests of its own.
    """

    def start(**options: Any) -> RunningSandbox:
        sandbox = sandbox_factory(**options)
        sandbox.eagle.pictures = False
        if not FAULTS:
            sandbox.eagle.import_delay = (0.0, 0.0)
        return sandbox

    return start


@pytest.fixture(autouse=True)
def no_terminal_of_an_earlier_command() -> Iterator[None]:
    """A command that has ended prints nothing more: what it printed to is closed."""
    yield
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for handler in [h for h in logger.handlers if isinstance(h, TerminalHandler)]:
            logger.removeHandler(handler)


@pytest.fixture(scope="session")
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with one certificate authority. Every client reads all that it is given, some 150
    of them in 20 ms, and nothing here speaks TLS.
    """
    file = tmp_path_factory.mktemp("tls") / "authority.pem"
    first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
    file.write_text(first + end)
    return str(file)


@pytest.fixture(autouse=True)
def few_authorities(monkeypatch: pytest.MonkeyPatch, one_authority: str) -> None:
    """As for Prefect's clients (`prefect_server`), so for all the others."""
    monkeypatch.setenv("SSL_CERT_FILE", one_authority)
    monkeypatch.setattr(certifi, "where", lambda: one_authority)


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Path:
    """Where the empty database of a Prefect server is kept."""
    return pytestconfig.cache.mkdir("prefect")


@pytest.fixture(scope="session")
def new_database(databases: Path) -> Path:
    """The database of a Prefect server that has not been used yet; to be copied."""
    return empty_database(databases)


@pytest.fixture(scope="session")
def prefect_server(
    tmp_path_factory: pytest.TempPathFactory, databases: Path, one_authority: str
) -> Iterator[SharedServer]:
    """The Prefect server that a run starts for itself: the one that is kept, or this process's.

    Heartbeats are off: they cost a second a run.
    """
    home = tmp_path_factory.mktemp("prefect")
    kept = kept_server()
    with nullcontext(kept) if kept else shared_server(home, databases) as server:
        settings = {
            PREFECT_HOME: str(home),
            PREFECT_API_URL: server.url,
            PREFECT_API_SSL_CERT_FILE: one_authority,
            PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
            PREFECT_SERVER_ANALYTICS_ENABLED: False,
        }
        with temporary_settings(settings), _everywhere(get_settings_context()):
            yield server
            asyncio.run(_sent())


@pytest.fixture(scope="session")
def _second_server(
    tmp_path_factory: pytest.TempPathFactory, databases: Path
) -> Iterator[SharedServer]:
    with shared_server(tmp_path_factory.mktemp("second"), databases) as server:
        yield server


@pytest.fixture
def server_of_its_own(
    prefect_server: SharedServer, _second_server: SharedServer, request: pytest.FixtureRequest
) -> Iterator[None]:
    """For files that give a server limits, credentials or deployments, or look at all its runs.

    They share one, in one process of pytest's, so each has its line in tests/processes.py.
    """
    assert request.path.stem in ON_A_SERVER_OF_THEIR_OWN, "name the file in tests/processes.py"
    with (
        temporary_settings({PREFECT_API_URL: _second_server.url}),
        _everywhere(get_settings_context()),
    ):
        yield
        asyncio.run(_sent())


async def _sent() -> None:
    """Logs and events have reached the server, which is about to end."""
    for drained in (APILogWorker.instance().drain(), EventsWorker.drain_all()):
        if inspect.isawaitable(drained):
            await drained


@pytest.fixture
async def limits_of_server(prefect_server: SharedServer) -> AsyncIterator[None]:
    """For tests that give a server limits: no later test's run is held back by them."""
    yield
    async with get_client() as client:
        for limit in await client.read_global_concurrency_limits(limit=200):
            await client.delete_global_concurrency_limit_by_name(limit.name)


@pytest.fixture
def named_server(
    prefect_server: SharedServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Call it before `main([...])` runs a flow: the command finds the session's server.

    Without it the command starts one of its own and leaves its address to the tests after it.
    """
    return lambda: monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))


@pytest.fixture
def a_machine_alone() -> Iterator[None]:
    """For tests in which `main([...])` runs a flow: its claims settle at once."""
    before = session_options.set(SessionOptions(timing=ALONE, patience=patience_with(ALONE)))
    yield
    session_options.reset(before)


def settings_of(sandbox: RunningSandbox, **changes: Any) -> Settings:
    """The settings by which the product uses this sandbox; its budget lets tests run fast."""
    settings = load_settings(sandbox.environment, env_file=None)
    return replace(settings, **{"notion_requests_per_minute": 100_000} | changes)


@pytest.fixture
def run_flow(prefect_server: SharedServer) -> RunFlow:
    """`await run_flow(flow, sandbox, settings={…}, **options)`: the run's summary.

    The lock's times are those of a process that is alone, unless `timing` says otherwise.
    """

    async def run(
        flow: Any,
        sandbox: RunningSandbox,
        *,
        settings: dict[str, Any] | None = None,
        patience: Patience | None = None,
        timing: LockTiming | None = None,
        pause_seconds: float = 600.0,
        **options: Any,
    ) -> SyncSummary:
        times = timing or (among_others() if FAULTS else ALONE)
        session_options.set(
            SessionOptions(
                settings=settings_of(sandbox, **(settings or {})),
                timing=times,
                patience=patience or patience_with(times),
                pause_seconds=pause_seconds,
            )
        )
        await asyncio.to_thread(settle, sandbox)
        state = await flow(**options, return_state=True)
        await asyncio.to_thread(settle, sandbox)
        outcome = await state.aresult(raise_on_failure=False)
        if isinstance(outcome, BaseException):
            raise outcome
        summary: SyncSummary = outcome
        return summary

    return run
