"""A track's flow run is recorded with few requests, and as whole as Prefect itself records it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import httpx
import pytest
from prefect import State, flow, get_client
from prefect.client.base import PrefectHttpxAsyncClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
)
from prefect.context import AsyncClientContext, FlowRunContext

from flows.library_sync import library_sync
from flows.prefect_server.fewer_requests import fewer_requests
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


async def test_what_is_not_known_is_asked_and_sent(prefect_server):
    """Another flow's id, another search and another name, while tracks are in work."""

    @flow
    async def another() -> None:
        """Never run."""

    @flow
    async def parent() -> None:
        ours = FlowRunContext.get().flow_run.id
        with fewer_requests():
            client = AsyncClientContext.get().client
            ids = [await client.create_flow(each) for each in (parent, another, parent)]
            run = await client.create_flow_run(another, parameters={"label": "Nova - Glass"})
            await client.set_flow_run_name(run.id, "Nova - Salt")
            only = FlowRunFilter(id=FlowRunFilterId(any_=[run.id, ours]))
            found = await client.read_flow_runs(flow_run_filter=only)
        known.extend([ids, {each.name for each in found}, "request" in vars(client)])

    known = []
    await parent()
    ids, names, is_wrapped = known
    assert ids[0] == ids[2] != ids[1]
    assert len(names) == 2
    assert "Nova - Salt" in names
    assert not is_wrapped


async def test_a_run_that_is_made_again_is_recorded_by_prefect_alone(prefect_server):
    """It must find the subflows of its first attempt."""

    @flow(retries=1)
    async def fails_once() -> None:
        with fewer_requests():
            is_wrapped.append("request" in vars(AsyncClientContext.get().client))
        if len(is_wrapped) == 1:
            raise ValueError

    is_wrapped = []
    await fails_once()
    assert is_wrapped == [True, False]


async def test_two_runs_of_one_parent_both_end_well(sandbox):
    """They share a client, which one of them gives back before the other has ended."""

    @flow
    async def parent() -> list[State]:
        return await asyncio.gather(*(library_sync(return_state=True) for _ in range(2)))

    assert [state.is_completed() for state in await parent()] == [True, True]
