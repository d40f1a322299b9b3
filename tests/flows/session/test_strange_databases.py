"""Databases as Notion may show them: several data sources, none, other objects, no right to write.

The stand-in has none of these; its answers are changed on their way.
"""

from __future__ import annotations

from typing import Any

import pytest

from flows.__main__ import main
from flows.doctor.notion import examine_notion
from flows.library_sync import library_sync
from sandbox.world import ROOT_PAGE_ID
from tasks.errors import ConfigurationError
from tests.flows.conftest import settings_of
from tests.flows.database_world import Database, types, writes
from tests.flows.notion_proxy import Answer, Asked, NotionProxy, notion_proxy

REFUSED = {
    "object": "error",
    "status": 403,
    "code": "restricted_resource",
    "message": "Insufficient permissions for this endpoint.",
}


@pytest.fixture
def world(sandbox_factory):
    """A database with one row, behind a proxy."""
    database = Database(types())
    sandbox = sandbox_factory(build=database.builder())
    database.add(audio="Glass", Title="Glass", Artist_Name="Nova")
    with notion_proxy(sandbox) as proxy:
        yield database, sandbox, proxy


def is_database(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path.startswith("/v1/databases/")


def with_sources(proxy: NotionProxy, *sources: str, after_own: bool = False) -> None:
    """The database shows further data sources, before or after its own."""

    def change(asked: Asked, answer: Answer) -> None:
        if is_database(asked) and answer.status == 200:
            own = answer.body["data_sources"]
            others = [{"id": source, "name": "another"} for source in sources]
            answer.body["data_sources"] = own + others if after_own else others + own

    proxy.after = change


def another_source(sandbox: Any, properties: dict[str, Any], title: str) -> str:
    """A data source of other properties."""
    _, source = sandbox.world.notion.create_database(ROOT_PAGE_ID, title, properties)
    return str(source)


async def test_of_two_data_sources_the_one_with_a_tracks_schema_is_taken(world, run_flow):
    database, sandbox, proxy = world
    archive = another_source(sandbox, {"Name": {"title": {}}, "Notes": {"rich_text": {}}}, "Notes")
    with_sources(proxy, archive)
    summary = await run_flow(library_sync, sandbox, settings=proxy.settings)
    assert summary.counts["processed"] == 1
    assert database.values(database.pages[0])["DL"]


async def test_two_that_fit_are_named_and_the_id_of_one_decides(world, run_flow):
    database, sandbox, proxy = world
    fitting = {"Name": {"title": {}}, "SoundCloud URL": {"url": {}}, "DL": {"checkbox": {}}}
    with_sources(proxy, another_source(sandbox, fitting, "Old Tracks"), after_own=True)
    with pytest.raises(ConfigurationError) as refused:
        await run_flow(library_sync, sandbox, settings=proxy.settings)
    assert "more than one of which fits" in str(refused.value)
    assert "Old Tracks" in str(refused.value)
    assert "TRACKS_DB_ID" in refused.value.remedy
    own = {"tracks_db_id": sandbox.world.tracks_source}
    summary = await run_flow(library_sync, sandbox, settings=proxy.settings | own)
    assert summary.counts["processed"] == 1
    assert len(database.pages) == 1


def test_a_database_that_shows_no_data_source_asks_to_be_shared(
    world, named_server, monkeypatch, capfd
):
    _, sandbox, proxy = world

    def hide(asked: Asked, answer: Answer) -> None:
        if is_database(asked):
            answer.body["data_sources"] = []

    proxy.after = hide
    named_server()
    for name, value in (sandbox.environment | {"NOTION_BASE_URL": proxy.address}).items():
        monkeypatch.setenv(name, value)
    assert main(["sync"]) == 78
    said = capfd.readouterr().err
    assert "share the database with the integration" in " ".join(said.split())
    assert "Traceback" not in said


async def test_a_wikis_other_objects_are_passed_over(world, run_flow):
    """Among the rows of a wiki database there may be data sources."""
    _, sandbox, proxy = world
    created = "2026-01-01T00:00:00.000Z"
    other = {"object": "data_source", "id": "x", "created_time": created, "properties": {}}

    def add(asked: Asked, answer: Answer) -> None:
        if "/query" in asked.path:
            answer.body["results"].insert(0, other)

    proxy.after = add
    summary = await run_flow(library_sync, sandbox, settings=proxy.settings)
    assert (summary.counts["processed"], summary.counts["failed"]) == (1, 0)


async def test_without_the_right_to_update_doctor_says_so_and_a_run_downloads_nothing(
    world, run_flow
):
    """It names the capability, and no row was changed to find out."""
    database, sandbox, proxy = world

    def refuse(asked: Asked, answer: Answer) -> None:
        if asked.method == "PATCH":
            answer.status, answer.body = 403, dict(REFUSED)

    proxy.after = refuse
    findings = await examine_notion(settings_of(sandbox, **proxy.settings), list)
    (found,) = [finding for finding in findings if finding.check == "Capabilities"]
    assert "Update content" in found.remedy
    assert writes(sandbox, database.pages[0]) == []
    assert not any(asked.path.endswith(database.pages[0]) for asked in proxy.asked)

    before = len(sandbox.ledger.entries(event="request", service="soundcloud"))
    summary = await run_flow(library_sync, sandbox, settings=proxy.settings)
    assert summary.counts["processed"] == 0
    assert "Update content" in str(summary.to_dict())
    assert len(sandbox.ledger.entries(event="request", service="soundcloud")) == before
