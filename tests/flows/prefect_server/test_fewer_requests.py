"""A track's flow run is recorded with few requests, and as whole as Prefect itself records it."""

from __future__ import annotations

import re
from collections import Counter

import httpx
import pytest
from prefect import get_client
from prefect.client.base import PrefectHttpxAsyncClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

from flows.library_sync import library_sync
from flows.session.opening import SessionOptions, session_options
from sandbox.builders import short_tracks
from tests.flows.conftest import settings_of

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_TRACKS = 3


@pytest.fixture
def sandbox(sandbox_factory, prefect_server):
    sandbox = sandbox_factory(build=short_tracks(_TRACKS))
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    return sandbox


@pytest.fixture
def asked(monkeypatch):
    """What is sent to Prefect's server, by kind; all of it is sent on."""
    counted: Counter[str] = Counter()
    whole = PrefectHttpxAsyncClient.send

    async def send(client, request: httpx.Request, **options):
        counted[f"{request.method} {_ID.sub('ID', request.url.path.partition('/api')[2])}"] += 1
        return await whole(client, request, **options)

    monkeypatch.setattr(PrefectHttpxAsyncClient, "send", send)
    return counted


async def test_a_tracks_run_has_its_name_from_the_start(sandbox, asked):
    """When three tracks are brought, only their run itself is named afterwards, and looks for
    nothing; each track's run has its name and its end.
    """
    state = await library_sync(return_state=True)
    sent = Counter(asked)
    async with get_client() as client:
        children = FlowRunFilterParentFlowRunId(any_=[state.state_details.flow_run_id])
        only = FlowRunFilter(parent_flow_run_id=children)
        runs = await client.read_flow_runs(flow_run_filter=only)
    assert sorted(run.name for run in runs) == sorted(
        f"{row.artist} - {row.title}" for row in sandbox.world.rows
    )
    assert all(run.state.is_completed() for run in runs)
    assert sent["POST /flow_runs/"] == 1 + _TRACKS
    assert sent["PATCH /flow_runs/ID"] == 1
    assert sent["POST /flow_runs/filter"] == 0
    assert sent["POST /flow_runs/ID/set_state"] == 2 * (1 + _TRACKS)
