"""prefect.yaml against the code and against a real server."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect import Flow, get_client
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from bench.servers import process
from flows.__main__ import main
from flows.prefect_server.environment import FLOWS
from flows.prefect_server.guard import guarded
from flows.prefect_server.objects import WORK_POOL, prepare_server

pytestmark = pytest.mark.usefixtures("server_of_its_own")

ROOT = Path(__file__).parents[3]
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
NAMES = [deployment["name"] for deployment in DEPLOYMENTS]


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, _, name = deployment["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), name)
    assert isinstance(flow, Flow)
    return flow


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_an_entrypoint_takes_its_parameters(deployment):
    """Each deployment's flow can be imported and accepts the parameters written beside it."""
    flow = flow_of(deployment)
    given = {"page_ids": ["a"]} if deployment["name"] == "sync-share" else {}
    flow.validate_parameters(deployment.get("parameters", {}) | given)
    assert deployment["work_pool"]["name"] == WORK_POOL


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_the_form_explains_itself(deployment):
    """Every parameter has a description, every number its bounds, every choice its values."""
    schema = flow_of(deployment).parameters.model_dump()
    for name, field in schema["properties"].items():
        assert field.get("description"), name
        numbers = [f for f in [field, *field.get("anyOf", [])] if f.get("type") == "integer"]
        assert all("minimum" in number for number in numbers), name
    if "filter" in schema["properties"]:
        assert len(schema["definitions"]["TrackFilter"]["enum"]) >= 3


def test_every_deployed_flow_is_watched_and_its_old_runs_go():
    assert {flow_of(deployment).name for deployment in DEPLOYMENTS} == set(FLOWS)


def test_a_schedule_never_piles_up():
    """Whatever has a schedule runs once at a time, and what finds it running ends at once."""
    scheduled = [deployment for deployment in DEPLOYMENTS if deployment.get("schedules")]
    assert len(scheduled) >= 2
    for deployment in scheduled:
        limit = deployment["concurrency_limit"]
        assert (limit["limit"], limit["collision_strategy"]) == (1, "CANCEL_NEW")
    by_hand = DEPLOYMENTS[NAMES.index("library-sync")]
    assert "concurrency_limit" not in by_hand, "two machines may sync at once"


async def test_deploy_registers_every_deployment(limits_of_server, named_server):
    """On a server that was prepared; the batch's schedule is off."""
    named_server()
    await prepare_server()
    assert await asyncio.to_thread(main, ["deploy", "--quiet"]) == 0
    async with get_client() as client:
        found = await client.read_deployments()
    deployed = {each.name: each for each in found if each.work_pool_name == WORK_POOL}
    assert deployed.keys() == set(NAMES)
    for name, deployment in deployed.items():
        active = [schedule.active for schedule in deployment.schedules]
        wanted = DEPLOYMENTS[NAMES.index(name)].get("schedules", [])
        assert active == [schedule["active"] for schedule in wanted]
        assert deployment.parameter_openapi_schema["properties"] is not None


async def test_preparing_a_server_twice_makes_everything_once(limits_of_server):
    """The second time everything is found, and what its owner changed stays."""
    await prepare_server()
    async with get_client() as client:
        limit = await client.read_global_concurrency_limit_by_name("library-sync-downloads")
        await client._client.patch(f"/v2/concurrency_limits/{limit.id}", json={"limit": 3})
        said = await prepare_server()
        changed = await client.read_global_concurrency_limit_by_name("library-sync-downloads")
        automations = await client.read_automations()
    assert changed.limit == 3
    assert not [sentence for sentence in said if re.search(r"\bmade[,.]", sentence)]
    assert len({automation.name for automation in automations}) == len(automations) == 2


SERVES = """
from flows.library_sync import library_sync
if __name__ == "__main__":  # Prefect starts a run by multiprocessing, which imports the script
    library_sync.serve(name="by-a-script", parameters={"dry_run": True})
"""


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_a_flows_fields_have_their_types_with_them(deployment):
    """`serve()` hands the flow to another process, where a type's name would mean nothing."""
    annotations = flow_of(deployment).fn.__annotations__
    assert not [name for name, kind in annotations.items() if isinstance(kind, str)]


@pytest.mark.slow
async def test_a_flow_can_be_served_by_a_script(sandbox_factory, prefect_server, tmp_path):
    """`library_sync.serve()`, as Prefect's documentation does it: a run takes its fields."""
    sandbox = sandbox_factory(tracks=2)
    (tmp_path / "script.py").write_text(SERVES)
    environment = os.environ | sandbox.environment | {"PREFECT_API_URL": PREFECT_API_URL.value()}
    log = tmp_path / "script.log"
    with process([sys.executable, "script.py"], log, environment=environment, cwd=tmp_path):
        async with get_client() as client:
            deployment = await _deployment(client, "library-sync/by-a-script")
            asked = {"filter": "all", "limit": 1}
            run = await client.create_flow_run_from_deployment(deployment, parameters=asked)
            while not (state := (await client.read_flow_run(run.id)).state).is_final():  # noqa: ASYNC110
                await asyncio.sleep(0.5)
    assert state.name == "Completed", log.read_text()
    assert state.message == "2 found: 1 would be brought in, 1 left for a later run"


async def _deployment(client: PrefectClient, name: str) -> UUID:
    while True:
        with suppress(ObjectNotFound):
            return (await client.read_deployment_by_name(name)).id
        await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("entrypoint", "is_moved"),
    [("flows/library_sync.py:library_sync", True), ("flows.library_sync.library_sync", False)],
)
async def test_a_flow_named_by_its_file_is_found(entrypoint, is_moved, prefect_server, monkeypatch):
    """The worker's folder for a run is empty: the pull step names the project's."""
    async with get_client() as client:
        deployment = await client.create_deployment(
            flow_id=await client.create_flow(flow_of(DEPLOYMENTS[0])),
            name="by-file",
            entrypoint=entrypoint,
        )
        run = await client.create_flow_run_from_deployment(deployment)
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", str(run.id))
    monkeypatch.setattr("sys.executable", sys.executable)
    folder = (await guarded()).get("directory", "")
    assert bool(folder) is is_moved
    if is_moved:
        assert (Path(folder) / entrypoint.partition(":")[0]).is_file()
