"""Notion and SoundCloud for a command that needs no run around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from flows.session.locks import open_locks
from flows.session.preflight import open_schema
from flows.settings import Settings
from tasks.locks.track_locks import TrackLocks
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.new_rows import JustMade, NewRows
from tasks.notion.schema import Schema
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient

__all__ = ["Services", "opened_services"]


@dataclass(frozen=True, kw_only=True)
class Services:
    """What such a command talks to."""

    settings: Settings
    notion: NotionClient
    schema: Schema
    locks: TrackLocks
    source: SoundCloudClient

    def rows(self) -> NewRows:
        """The tracks database, to look for rows and to add some."""
        just_made = JustMade(self.settings.state_dir / "added.jsonl")
        return NewRows(self.notion, self.schema, self.locks, just_made)


@asynccontextmanager
async def opened_services(settings: Settings) -> AsyncIterator[Services]:
    """Connected until the block ends. Raises ConfigurationError and NotionError."""
    token = settings.notion_token.get_secret_value()
    budget = RequestBudget(settings.notion_requests_per_minute)
    async with AsyncExitStack() as stack:
        notion = await stack.enter_async_context(
            NotionClient(token, base_url=settings.notion_base_url, budget=budget)
        )
        schema = await open_schema(notion, settings)
        yield Services(
            settings=settings,
            notion=notion,
            schema=schema,
            locks=stack.enter_context(open_locks(settings, notion, schema)),
            source=SoundCloudClient(
                proxy=settings.sc_proxy or None,
                tls_verify=settings.sc_tls_verify,
                auth_token=settings.sc_auth_token.get_secret_value() or None,
                cache_dir=settings.state_dir / "yt-dlp",
                allowed_hosts=settings.allowed_source_hosts,
                budget=SourceBudget(),
            ),
        )
