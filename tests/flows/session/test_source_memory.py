"""The data source remembered from run to run, and what happens when it is another one now."""

from __future__ import annotations

from dataclasses import replace

from flows.session.preflight import open_schema
from flows.settings import load_settings
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.source import recall_source, remember_source


async def read_schema(settings):
    """The schema as a run reads it, and how many requests that took."""
    client = NotionClient(
        settings.notion_token.get_secret_value(),
        base_url=settings.notion_base_url,
        budget=RequestBudget(1000),
    )
    async with client:
        return await open_schema(client, settings), client.requests


async def test_the_second_run_asks_once(sandbox_factory):
    """One request instead of two, and the same schema."""
    settings = load_settings(sandbox_factory(tracks=1).environment, env_file=None)
    first, requests = await read_schema(settings)
    assert requests == 2
    second, requests = await read_schema(settings)
    assert requests == 1
    assert second.data_source_id == first.data_source_id


async def test_a_source_of_another_database_is_not_taken(sandbox_factory):
    """What was remembered is proven: a source of another database, or of none, is asked anew."""
    sandbox = sandbox_factory(tracks=1)
    settings = load_settings(sandbox.environment, env_file=None)
    playlists = replace(settings, tracks_db_id=settings.playlists_db_id)
    right, _ = await read_schema(settings)
    async with NotionClient(
        settings.notion_token.get_secret_value(),
        base_url=settings.notion_base_url,
        budget=RequestBudget(1000),
    ) as client:
        database = await client.database(playlists.tracks_db_id)
    for wrong in (database["data_sources"][0]["id"], "0" * 32):
        remember_source(settings.state_dir, settings.tracks_db_id, wrong)
        found, _ = await read_schema(settings)
        assert found.data_source_id == right.data_source_id
        assert recall_source(settings.state_dir, settings.tracks_db_id) == right.data_source_id


async def test_a_damaged_memory_is_no_memory(sandbox_factory):
    """A file that is no JSON, or cannot be written, costs one request."""
    settings = load_settings(sandbox_factory(tracks=1).environment, env_file=None)
    settings.state_dir.mkdir(parents=True)
    (settings.state_dir / "notion-sources.json").write_text("{")
    _, requests = await read_schema(settings)
    assert requests == 2
