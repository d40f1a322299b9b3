"""What an operator finds on runs' pages: states that say what happened, tags, no traceback."""

from __future__ import annotations

from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import StateType
from prefect.utilities.callables import parameter_schema
from pydantic import SecretStr

from flows.cleanup_locks import cleanup_locks
from flows.follow_sources import follow_sources
from flows.library_status import library_status
from flows.library_sync import library_sync
from flows.prefect_server.parameters import asked_of
from flows.session.opening import SessionOptions, session_options
from flows.sync_track import TRACK_TAG
from sandbox.builders import short_tracks
from tasks.errors import ConfigurationError, ErrorType
from tests.flows.conftest import settings_of


@pytest.fixture
def sandbox(sandbox_factory, prefect_server):
    sandbox = sandbox_factory(build=short_tracks(2))
    session_options.set(SessionOptions(settings=settings_of(sandbox)))
    return sandbox


def run_of(state) -> UUID:
    return UUID(str(state.state_details.flow_run_id))


async def log_of(run: UUID) -> str:
    lines = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
    async with get_client() as client:
        return "\n".join(line.message for line in await client.read_logs(lines))


async def test_contradictory_fields_end_the_run_with_the_reason(sandbox):
    """Failed, with what to do; no traceback; who called the flow gets the error itself."""
    state = await library_sync(error=ErrorType("SC_404"), return_state=True)
    assert state.type is StateType.FAILED
    assert state.message.startswith("`error` chooses among rows that failed before")
    assert "Switch `retry_failed` on" in state.message
    assert isinstance(await state.aresult(raise_on_failure=False), ConfigurationError)
    assert "Traceback" not in await log_of(run_of(state))


async def test_a_service_that_refuses_us_is_said_on_the_page(sandbox):
    """A wrong token, for a flow whose data is a dictionary."""
    wrong = settings_of(sandbox, notion_token=SecretStr("no-such-token"))
    session_options.set(SessionOptions(settings=wrong))
    for flow in (cleanup_locks, library_status, follow_sources):
        state = await flow(return_state=True)
        assert state.type is StateType.FAILED, flow.name
        assert state.message.startswith("Notion does not accept NOTION_TOKEN."), flow.name
        with pytest.raises(ConfigurationError):
            await state.aresult()


async def test_small_runs_say_what_they_did(sandbox):
    """In the state, which lists of runs show."""
    said = {
        flow.name: (await flow(return_state=True)).message
        for flow in (cleanup_locks, library_status, follow_sources)
    }
    assert said["cleanup-locks"] == "0 stale locks freed, 0 live ones left alone"
    assert said["library-status"].startswith("2 rows: 2 ")
    assert said["follow-sources"].startswith("No list is followed")


async def test_lists_of_runs_can_leave_the_tracks_out(sandbox):
    """Each track's run has the tag, the run itself has not."""
    state = await library_sync(return_state=True)
    assert state.message == "2 found: 2 brought in"
    run = run_of(state)
    children = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run]))
    async with get_client() as client:
        tracks = await client.read_flow_runs(flow_run_filter=children)
        assert [track.tags for track in tracks] == [[TRACK_TAG]] * 2
        assert (await client.read_flow_run(run)).tags == []


@pytest.mark.parametrize(
    ("fields", "is_refused"), [({"limit": 3}, False), ({"limit": 3, "fliter": "all"}, True)]
)
async def test_a_field_that_the_flow_does_not_have_fails_the_run(
    fields, is_refused, prefect_server
):
    """Before it begins, with the field's name and those there are."""
    async with get_client() as client:
        deployment = await client.create_deployment(
            flow_id=await client.create_flow(library_sync),
            name="by-hand",
            entrypoint="flows.library_sync.library_sync",
            parameter_openapi_schema=parameter_schema(library_sync).model_dump_for_openapi(),
        )
        run = await client.create_flow_run_from_deployment(deployment, parameters=fields)
        assert bool((await asked_of(run.id)).unknown) is is_refused
        state = (await client.read_flow_run(run.id)).state
    assert state.is_failed() is is_refused
    if is_refused:
        assert state.message.startswith("This flow has no field fliter; it has cleanup, debug")
