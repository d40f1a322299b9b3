"""The rows that the last run asked for first are asked for while this run reads the schema."""

from __future__ import annotations

import gc

import pytest

from flows.before_prefect.beginning import begin
from flows.session.opening import SessionOptions, open_session, session_options
from flows.settings import Settings
from sandbox.faults import Latency, NotionPlan
from tasks.notion import client
from tasks.notion.queries import first_query
from tasks.notion.row_query import FirstQueries, RowQuery
from tasks.tracks import Track, TrackFilter
from tests.flows.before_prefect.jobs import job
from tests.flows.conftest import settings_of
from tests.timing import ALONE


async def listed(settings: Settings) -> list[Track]:
    """The rows that a run has before Prefect, once the locked ones are known, too."""
    session_options.set(SessionOptions(settings=settings, timing=ALONE))
    async with begin(job(dry_run=True)) as beginning:
        rows = await beginning.rows
        await beginning.head.clearing
        return rows


def asked(sandbox, since: int) -> list[dict]:
    """What Notion was asked since so many requests: the schema and the rows."""
    entries = sandbox.ledger.entries(event="request", service="notion")[since:]
    source = f"/v1/data_sources/{sandbox.world.tracks_source}"
    return [e for e in entries if e["path"].startswith(source)]


async def test_the_second_run_asks_for_its_rows_at_once(sandbox_factory):
    """Given a run before, when Notion takes long, then rows and schema come at the same time."""
    sandbox = sandbox_factory(tracks=3)
    settings = settings_of(sandbox)
    first = await listed(settings)
    before = len(sandbox.ledger.entries(event="request", service="notion"))
    sandbox.use_faults(notion=NotionPlan(latency=Latency(median=0.6, sigma=0.01)))
    assert await listed(settings) == first
    both = asked(sandbox, before)
    (schema,) = [one["at"] for one in both if one["method"] == "GET"]
    queries = [one["at"] for one in both if one["method"] == "POST"]
    assert len(queries) == 1 + 1
    assert min(queries) - schema < 0.55  # not a latency later


async def test_another_question_than_last_time(sandbox_factory):
    """Given a question of which the database knows nothing by now, then the right one is asked."""
    sandbox = sandbox_factory(tracks=3)
    settings = settings_of(sandbox)
    first = await listed(settings)
    queries = FirstQueries(settings.state_dir, settings.tracks_db_id)
    known = queries.recall(TrackFilter.UNPROCESSED)
    wrong = {"and": [{"property": "Gone", "checkbox": {"equals": False}}]}
    queries.keep(
        TrackFilter.UNPROCESSED, RowQuery(known.source_id, {**known.body, "filter": wrong})
    )
    assert await listed(settings) == first
    assert queries.recall(TrackFilter.UNPROCESSED) == known


async def test_an_answer_that_has_grown_old_is_not_used(
    sandbox_factory, monkeypatch: pytest.MonkeyPatch
):
    """Given a schema that took long, because Notion was away, then the rows are asked for anew."""
    sandbox = sandbox_factory(tracks=3)
    settings = settings_of(sandbox)
    first = await listed(settings)
    before = len(sandbox.ledger.entries(event="request", service="notion"))
    monkeypatch.setattr(client, "_EARLY_SECONDS", 0.0)
    assert await listed(settings) == first
    assert len(asked(sandbox, before)) == 1 + 1 + 2


async def test_a_question_that_failed_in_vain_is_nobodys_noise(
    sandbox_factory, caplog: pytest.LogCaptureFixture
):
    """Given a file that asks for what Notion refuses, when the run is over, then asyncio says of no
    task that nobody has looked at its error.
    """
    sandbox = sandbox_factory(tracks=1)
    settings = settings_of(sandbox)
    refused = RowQuery("gone", {"filter": {"and": [{"property": "Gone"}]}})
    FirstQueries(settings.state_dir, settings.tracks_db_id).keep(TrackFilter.UNPROCESSED, refused)
    assert len(await listed(settings)) == 1
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_an_answer_is_used_once(sandbox_factory):
    """Given rows that are listed a second time in the same seconds, then Notion is asked again."""
    sandbox = sandbox_factory(tracks=1)
    session_options.set(SessionOptions(settings=settings_of(sandbox), timing=ALONE))
    async with open_session() as run:
        notion = run.connections.notion
        query = first_query(run.connections.schema, TrackFilter.ALL)
        notion.ask_early(query)
        await notion.query(query)
        before = notion.requests
        await notion.query(query)
        assert notion.requests == before + 1
