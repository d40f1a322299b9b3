"""Limits and credentials on a real Prefect server."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
from prefect import get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from flows.prefect_server.blocks import (
    BLOCK_NAME,
    EagleConnection,
    NotionCredentials,
    settings_with_blocks,
)
from flows.prefect_server.limits import NOTION_REQUESTS, ServerPermits, open_limits

pytestmark = pytest.mark.usefixtures("server_of_its_own")


async def use_limit(limit: int, decay: float) -> None:
    """A Notion limit of this size, empty."""
    async with get_client() as client:
        try:
            await client.update_global_concurrency_limit(
                NOTION_REQUESTS,
                GlobalConcurrencyLimitUpdate(
                    limit=limit, slot_decay_per_second=decay, active_slots=0
                ),
            )
        except ObjectNotFound:
            await client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(
                    name=NOTION_REQUESTS, limit=limit, slot_decay_per_second=decay
                )
            )


async def test_two_workers_share_one_budget(limits_of_server):
    """What two processes lease together never exceeds the burst and what has decayed since."""
    await use_limit(10, 10.0)
    began = monotonic()
    leased: list[tuple[float, int]] = []

    async def worker() -> None:
        permits = ServerPermits()
        for _ in range(4):
            await permits.lease(5)
            leased.append((monotonic() - began, 5))

    await asyncio.gather(worker(), worker())
    for seconds, _ in leased:
        granted = sum(number for at, number in leased if at <= seconds)
        assert granted <= 10 + 10 * (seconds + 1.5)
    assert sum(number for _, number in leased) == 40
    assert leased[-1][0] >= 1.5


async def test_a_server_out_of_reach_costs_a_warning_and_no_track(prefect_server, caplog):
    """Work goes on with the process's own budget."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        permits = ServerPermits()
        await asyncio.wait_for(permits.lease(5), 60)
        await asyncio.wait_for(permits.lease(5), 60)
    warnings = [r for r in caplog.records if "does not answer" in r.getMessage()]
    assert len(warnings) == 1


async def test_without_a_limit_nothing_changes(prefect_server):
    """A server that was never set up limits nobody."""
    async with get_client() as client:
        for name in (NOTION_REQUESTS, "library-sync-downloads", "library-sync-conversions"):
            try:
                await client.delete_global_concurrency_limit_by_name(name)
            except ObjectNotFound:
                continue
    limits = await open_limits()
    assert limits.notion is None
    async with limits.downloads(), limits.conversions():
        pass


@pytest.fixture
async def blocks(prefect_server, monkeypatch, tmp_path):
    """Both blocks on the server, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("NOTION_TOKEN", "TRACKS_DB_ID", "EAGLE_API_BASE", "EAGLE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    notion = NotionCredentials(token=SecretStr("from-block"), tracks_db_id="a" * 32)
    await notion.asave(BLOCK_NAME, overwrite=True)
    eagle = EagleConnection(api_base="http://eagle:41595", token=SecretStr("eagle-secret"))
    await eagle.asave(BLOCK_NAME, overwrite=True)


async def test_blocks_fill_in_what_the_environment_leaves_out(blocks):
    """A worker without a single variable finds Notion and Eagle."""
    settings = await settings_with_blocks()
    assert settings.notion_token.get_secret_value() == "from-block"
    assert settings.tracks_db_id.startswith("aaaaaaaa-")
    assert (settings.eagle_api_base, settings.eagle_token.get_secret_value()) == (
        "http://eagle:41595",
        "eagle-secret",
    )
    assert "secret" not in repr(settings)


async def test_the_environment_wins_over_blocks(blocks, monkeypatch):
    """What a machine's own environment says stays."""
    monkeypatch.setenv("NOTION_TOKEN", "from-environment")
    monkeypatch.setenv("EAGLE_API_BASE", "off")
    settings = await settings_with_blocks()
    assert settings.notion_token.get_secret_value() == "from-environment"
    assert settings.tracks_db_id.startswith("aaaaaaaa-")
    assert not settings.eagle_enabled
