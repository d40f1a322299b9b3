"""Cancel in Prefect's UI, on a deployment's run in a worker: the same as Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling

from flows.library_sync import library_sync
from sandbox.builders import short_tracks
from tests.flows.sync_process import wait_until
from tests.flows.test_cancellation import leftovers, locks, media_requests

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("server_of_its_own"),
]

_ROOT = Path(__file__).parent.parent.parent
_POOL = "cancelled-by-tests"


@contextmanager
def worker(environment: dict[str, str], folder: Path) -> Iterator[None]:
    """`prefect worker start` for the pool; it and all it started are gone afterwards."""
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", _POOL],
            cwd=_ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def deployed(client: PrefectClient):
    """A run of the deployed flow, waiting for a worker."""
    await client.create_work_pool(WorkPoolCreate(name=_POOL, type="process"))
    flow_id = await client.create_flow(library_sync)
    deployment_id = await client.create_deployment(
        flow_id,
        name="cancelled",
        entrypoint="flows.library_sync.library_sync",
        work_pool_name=_POOL,
        parameters={"parallel": True, "workers": 4},
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(_ROOT)}}],
    )
    return await client.create_flow_run_from_deployment(deployment_id)


async def test_cancelling_a_workers_run_frees_its_rows(sandbox_factory, prefect_server, tmp_path):
    """Rows free within 20 s of the worker's signal, no files, every flow run Cancelled or ended."""
    sandbox = sandbox_factory(build=short_tracks(6, seconds=15))
    for row in sandbox.world.rows[:2]:
        sandbox.soundcloud.catalogue.set_condition(row.track_id, "stall", seconds=7.0)
    url = PREFECT_API_URL.value()
    environment = {**os.environ, **sandbox.environment, "PREFECT_API_URL": url}
    environment |= {"NOTION_REQUESTS_PER_MINUTE": "100000"}
    async with get_client() as client:
        run = await deployed(client)
        with worker(environment, tmp_path):
            wait_until(lambda: media_requests(sandbox) > 4 and locks(sandbox), 240)
            sent = time.monotonic()
            await client.set_flow_run_state(run.id, Cancelling(), force=True)
            wait_until(lambda: not locks(sandbox), 60)
            freed = time.monotonic() - sent
            wait_until(lambda: not leftovers(sandbox), 40)
            state = None
            while time.monotonic() - sent < 120 and not (state and state.is_final()):
                time.sleep(1)
                state = (await client.read_flow_run(run.id)).state
        children = [
            each
            for each in await client.read_flow_runs(limit=200)
            if each.start_time and run.expected_start_time <= each.start_time
        ]
    assert freed < 30  # up to ten until the worker asks for what was cancelled
    assert state is not None
    assert state.is_cancelled()
    assert len(children) > 1
    assert [each.name for each in children if not each.state.is_final()] == []
