"""Fixtures for every test: sandboxes over real HTTP, each with a world of its own.

`SANDBOX_FAULTS=rough` (`make test-rough`) gives each of them the preset's bad day.
"""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from notion_client import Client
from notion_client.helpers import collect_paginated_api

from flows.prefect_server.environment import prepare_prefect
from sandbox.fault_plans import PRESETS
from sandbox.faults import EaglePlan, FaultPlan, NotionPlan
from sandbox.threaded import RunningSandbox, SandboxFactory, running_sandbox
from tasks.notion.rows import plain_text

FAULTS = os.environ.get("SANDBOX_FAULTS", "")
_SEED = int(os.environ.get("SANDBOX_SEED", "1"))
_TENTH = 0.1

pytest_plugins = ["tests.processes"]

LONGEST = {
    "test_own_server",
    "test_cancellation",
    "test_services_away",
    "test_merges",
    "test_following",
    "test_owner",
    "test_crashes",
    "test_own_database",
    "test_local_state",
    "test_two_machines",
    "test_bad_files",
}
"""Files of many seconds, by their names."""

gc.disable()  # until all is collected

# Prefect reads its settings when it is imported; as in a run, its console says nothing.
prepare_prefect()

# A machine that is busy takes its time; what is drawn stays the same from run to run.
hypothesis.settings.register_profile("here", deadline=None, derandomize=True)
hypothesis.settings.load_profile("here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no process of pytest's has much to do when the others
    have ended. Under faults a request is repeated now and then: what counts them is left out.
    """
    items.sort(key=_how_soon)
    if FAULTS:
        why = "it counts requests, and SANDBOX_FAULTS makes some be sent again"
        for item in items:
            if item.get_closest_marker("counts_requests"):
                item.add_marker(pytest.mark.skip(reason=why))


def pytest_collection_finish() -> None:
    """Three thousand tests and all that they import are no garbage: to look at them while they are
    made, then each time, and at the end five times over, takes two seconds of each process.
    """
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """What is left goes with the process: pytest need not look for garbage in it five times."""
    gc.freeze()


def _how_soon(item: pytest.Item) -> tuple[bool, bool]:
    return item.path.stem not in LONGEST, "flows" not in item.path.parts


@contextlib.contextmanager
def calm(sandbox: RunningSandbox) -> Iterator[None]:
    """A moment without the faults of SANDBOX_FAULTS, every late write landed: to look, or to
    prepare something.
    """
    if not FAULTS:
        yield
        return
    sandbox.use_faults()
    settle(sandbox)
    try:
        yield
    finally:
        sandbox.use_faults(seed=_SEED, **plans_at_a_tenth(FAULTS))


def settle(sandbox: RunningSandbox) -> None:
    """Under SANDBOX_FAULTS, wait until late writes have landed and queries see them."""
    if FAULTS:
        sandbox.wait_for(sandbox.settle())
        time.sleep(0.45)  # the longest lag of `rough` at a tenth


def plans_at_a_tenth(preset: str) -> dict[str, FaultPlan]:
    """The preset with its rates, and a tenth of its times, as the lock's are in tests."""
    return {service: _at_a_tenth(plan) for service, plan in PRESETS[preset].items()}


def _at_a_tenth(plan: FaultPlan) -> FaultPlan:
    latency = plan.latency and replace(
        plan.latency, median=plan.latency.median * _TENTH, longest=plan.latency.longest * _TENTH
    )
    plan = replace(
        plan,
        latency=latency,
        late_seconds=_tenth(plan.late_seconds),
        late_hold_seconds=_tenth(plan.late_hold_seconds),
        retry_after_seconds=_tenth(plan.retry_after_seconds),
    )
    if isinstance(plan, NotionPlan):
        lag = plan.query_lag and _tenth(plan.query_lag)
        return replace(plan, query_lag=lag, requests_per_window=None)
    if isinstance(plan, EaglePlan):
        return replace(plan, import_delay=plan.import_delay and _tenth(plan.import_delay))
    return plan


def _tenth(span: tuple[float, float]) -> tuple[float, float]:
    return span[0] * _TENTH, span[1] * _TENTH


@pytest.fixture
def sandbox_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxFactory]:
    """Starts sandboxes that run until the test ends; `sandbox_factory(tracks=3)` takes 20 ms."""
    with contextlib.ExitStack() as running:

        def start(**options: Any) -> RunningSandbox:
            folder = tmp_path_factory.mktemp("sandbox")
            sandbox = running.enter_context(running_sandbox(folder, **options))
            if FAULTS:
                sandbox.use_faults(seed=_SEED, **plans_at_a_tenth(FAULTS))
            return sandbox

        yield start


@pytest.fixture
def rows_of() -> Callable[[RunningSandbox], list[dict[str, Any]]]:
    """`rows_of(sandbox)`: every row of the tracks database as plain values, by property name."""

    def read(sandbox: RunningSandbox) -> list[dict[str, Any]]:
        environment = sandbox.environment
        client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
        with calm(sandbox):
            database = client.databases.retrieve(environment["TRACKS_DB_ID"])
            source = database["data_sources"][0]["id"]
            pages = collect_paginated_api(client.data_sources.query, data_source_id=source)
        return [{"id": page["id"]} | _plain(page["properties"]) for page in pages]

    return read


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value["checkbox"]
        if value["type"] == "checkbox"
        else [option["name"] for option in value["multi_select"]]
        if value["type"] == "multi_select"
        else plain_text(value)
        for name, value in properties.items()
    }
