"""Shares of a run: what a worker tells, as another machine reads it."""

from __future__ import annotations

import asyncio

import pytest
from prefect import flow, get_client
from prefect.runtime import flow_run
from prefect.utilities.callables import parameter_schema

from flows.fan_out.share_log import ShareLog, read_results
from flows.fan_out.shares import require_pool
from flows.library_sync import library_sync
from tasks.errors import ConfigurationError, ErrorType
from tasks.tracks import FilePaths, TrackResult, TrackStatus

pytestmark = pytest.mark.usefixtures("server_of_its_own")

DONE = TrackResult(
    page_id="a", title="夜の港", status=TrackStatus.PROCESSED, file_paths=FilePaths(wav="/x.wav")
)
FAILED = TrackResult(
    page_id="b", status=TrackStatus.FAILED, error_type=ErrorType.SC_404, error_message="gone"
)
LOCKED = TrackResult(page_id="b", status=TrackStatus.SKIPPED_LOCKED)


@flow(name="tells")
async def tells() -> str:
    log = ShareLog()
    await log.note(LOCKED)
    await log.write()
    await log.note(DONE)
    await log.note(FAILED)
    await log.write()
    await log.write()
    return str(flow_run.id)


@flow(name="tells-at-once")
async def tells_at_once() -> str:
    log = ShareLog()

    async def tell(number: int) -> None:
        await log.note(TrackResult(page_id=str(number)))
        await log.write()

    await asyncio.gather(*map(tell, range(20)))
    return str(flow_run.id)


async def test_tracks_that_end_together_are_all_told(prefect_server):
    """Results that come while others are being written are not lost."""
    run = await tells_at_once()
    async with get_client() as client:
        told = {result.page_id for result in await read_results(client, run)}
    assert told == {str(number) for number in range(20)}


async def test_what_a_share_tells_is_read_on_another_machine(prefect_server):
    """Every result comes back as it was; of two about one row, the later one."""
    run = await tells()
    async with get_client() as client:
        told = {result.page_id: result for result in await read_results(client, run)}
    assert told == {"a": DONE, "b": FAILED}


async def test_without_a_pool_distribution_says_what_to_do(prefect_server):
    """A server without the deployment is a configuration that cannot work."""
    async with get_client() as client:
        for deployment in await client.read_deployments():
            await client.delete_deployment(deployment.id)
    with pytest.raises(ConfigurationError, match="sync-share") as refused:
        await require_pool()
    assert "setup" in refused.value.remedy


@flow(name="sync-share")
async def another_releases_share(page_ids: int) -> None:
    """What another release of ours may have registered."""


async def test_a_share_that_the_server_does_not_take_is_done_here(
    prefect_server, run_flow, sandbox_factory, caplog
):
    """Given a server that refuses every share; then no track waits for a share that never was."""
    sandbox = sandbox_factory(tracks=3)
    async with get_client() as client:
        flow_id = await client.create_flow(another_releases_share)
        deployment = await client.create_deployment(
            flow_id,
            "sync-share",
            parameter_openapi_schema=parameter_schema(another_releases_share).model_dump(),
            enforce_parameter_schema=True,
        )
        try:
            summary = await run_flow(library_sync, sandbox, distribute=2)
        finally:
            await client.delete_deployment(deployment)
    assert [result.status for result in summary.results] == [TrackStatus.PROCESSED] * 3
    assert "could not be handed out" in caplog.text
