"""Ctrl-C, SIGTERM, and Cancel in Prefect's UI: rows free, files gone, flow runs ended."""

from __future__ import annotations

import asyncio
import json
import signal
import time

import pytest
from prefect import flow, get_client, task
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_API_URL
from prefect.states import Pending

from flows.fan_out.subflows import ended_together
from sandbox.builders import short_tracks
from tasks.locks.clock import SystemTicks
from tests.flows.sync_process import started, wait_until

pytestmark = pytest.mark.usefixtures("server_of_its_own")

_FREE_WITHIN = 120.0  # a second on an idle machine
CLOCK = SystemTicks()


def locks(sandbox) -> list[str]:
    """The locks that stand on rows."""
    rows = sandbox.world.values_of_all()
    return [row["Processing Lock"] for row in rows if row["Processing Lock"]]


def media_requests(sandbox) -> int:
    """Pieces of audio that were asked for."""
    entries = sandbox.ledger.entries(event="request", service="soundcloud")
    return sum("/aac-" in entry["path"] or "/mp3-" in entry["path"] for entry in entries)


def leftovers(sandbox) -> list[str]:
    """Temporary files in the staging area and the playlist folders."""
    found = [path for path in sandbox.state.rglob(".library-sync-*") if path.is_file()]
    staging = list((sandbox.state / "out").glob(".library-sync-staging/*"))
    return [str(path) for path in found + staging]


@pytest.fixture
def stalled(sandbox_factory):
    """Six tracks, two of them on a host that falls silent in the middle of the audio: whoever
    waited for it would wait for longer than a test may last.
    """
    sandbox = sandbox_factory(build=short_tracks(6, seconds=15))
    for row in sandbox.world.rows[:2]:
        sandbox.soundcloud.catalogue.set_condition(row.track_id, "stall", seconds=600.0)
    return sandbox


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGTERM, 143, "stopped by SIGTERM"), (signal.SIGINT, 130, "stopped by Ctrl-C")],
    ids=["SIGTERM", "Ctrl-C"],
)
async def test_a_signal_frees_what_the_run_held(
    number, code, said, stalled, prefect_server, tmp_path
):
    """In the middle of downloads, one of them hanging: all rows are free in time, and the JSON
    says how it ended.
    """
    summary = tmp_path / "summary.json"
    async with get_client() as client:
        before = {run.id for run in await client.read_flow_runs(limit=200)}
        words = ("--parallel", "--json", str(summary))
        with started(stalled, PREFECT_API_URL.value(), *words) as process:
            wait_until(lambda: media_requests(stalled) > 4 and locks(stalled))
            sent = time.monotonic()
            process.send(number)
            wait_until(lambda: not locks(stalled), _FREE_WITHIN)
            assert time.monotonic() - sent < _FREE_WITHIN
            assert process.exit_code(90) == code, process.output
            assert said in process.output
            assert "Traceback" not in process.output
        runs = [run for run in await client.read_flow_runs(limit=200) if run.id not in before]
    told = json.loads(summary.read_text("utf-8"))
    assert told["return_code"] == code
    assert told["counts"]["found"] == 6
    assert told["error"].startswith("It was stopped")
    assert len(runs) > 1, process.output
    assert [run.name for run in runs if run.state is None or not run.state.is_final()] == []
    assert not locks(stalled)
    assert leftovers(stalled) == []


async def test_a_subflow_cut_off_while_it_was_created_is_closed(prefect_server):
    """It is on the server, Pending, and no engine knows of it."""

    @task
    async def place() -> None:
        """What a subflow hangs from."""

    @flow
    async def child() -> None:
        """Never begun."""

    @flow
    async def parent() -> None:
        ours = FlowRunContext.get().flow_run.id
        async with get_client() as client, ended_together(CLOCK):
            hook = await client.create_task_run(place, ours, dynamic_key="0")
            run = await client.create_flow_run(child, parent_task_run_id=hook.id, state=Pending())
            cut_off.append(run.id)
            raise asyncio.CancelledError

    cut_off = []
    with pytest.raises(asyncio.CancelledError):
        await parent()
    async with get_client() as client:
        assert (await client.read_flow_run(cut_off[0])).state.is_cancelled()
