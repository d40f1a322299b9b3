"""One Prefect server for all flow tests, and a way to run a flow against a sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from flows.prefect_server.environment import prepare_prefect

prepare_prefect()

from prefect import get_client  # noqa: E402  (Prefect reads its settings when it is imported)
from prefect.settings import (  # noqa: E402
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness  # noqa: E402

from flows.session.opening import SessionOptions, session_options  # noqa: E402
from flows.settings import Settings, load_settings  # noqa: E402
from flows.summary import SyncSummary  # noqa: E402
from sandbox.threaded import RunningSandbox  # noqa: E402
from tasks.eagle.imports import Patience  # noqa: E402
from tasks.locks.timing import LockTiming  # noqa: E402
from tests.conftest import settle  # noqa: E402

RunFlow = Callable[..., Awaitable[SyncSummary]]


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server of the session's own, heartbeats off (they cost a second a run)."""
    home = tmp_path_factory.mktemp("prefect")
    quiet = {
        PREFECT_HOME: str(home),
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
    }
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
async def limits_of_server(prefect_server: None) -> AsyncIterator[None]:
    """For tests that give the session's server limits: no other test's run is held back by them."""
    yield
    async with get_client() as client:
        for limit in await client.read_global_concurrency_limits(limit=200):
            await client.delete_global_concurrency_limit_by_name(limit.name)


@pytest.fixture
def named_server(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it before `main([...])` runs a flow: the command finds the session's server.

    Without it the command starts one of its own and leaves its address to the tests after it.
    """
    return lambda: monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))


def settings_of(sandbox: RunningSandbox, **changes: Any) -> Settings:
    """The settings by which the product uses this sandbox; its budget lets tests run fast."""
    settings = load_settings(sandbox.environment, env_file=None)
    return replace(settings, **{"notion_requests_per_minute": 100_000} | changes)


@pytest.fixture
def run_flow(prefect_server: None) -> RunFlow:
    """`await run_flow(flow, sandbox, settings={…}, **options)`: the run's summary.

    The lock's times are the real ones by `factor`, which is safe where Notion is as much faster.
    An import may take no longer than a lock of that time lasts.
    """

    async def run(
        flow: Any,
        sandbox: RunningSandbox,
        *,
        settings: dict[str, Any] | None = None,
        patience: Patience | None = None,
        factor: float = 0.1,
        pause_seconds: float = 600.0,
        **options: Any,
    ) -> SyncSummary:
        session_options.set(
            SessionOptions(
                settings=settings_of(sandbox, **(settings or {})),
                timing=LockTiming.scaled_for_tests(factor),
                patience=patience or Patience.scaled_for_tests(factor),
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
