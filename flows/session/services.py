"""Notion and SoundCloud for a command that needs no run around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.session.clients import notion_client, source_client
from flows.session.locks import open_locks
from flows.session.preflight import open_schema
from flows.settings import Settings
from tasks.locks.track_locks import TrackLocks
from tasks.notion.client import NotionClient
from tasks.notion.new_rows import JustMade, NewRows
from tasks.notion.schema import Schema

if TYPE_CHECKING:
    from tasks.soundcloud.client import SoundCloudClient


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
        just_made = JustMade(self.settings.state_dir)
        return NewRows(self.notion, self.schema, self.locks, just_made)


@asynccontextmanager
async def opened_services(settings: Settings) -> AsyncIterator[Services]:
    """Connected until the block ends. Raises ConfigurationError and NotionError."""
    async with AsyncExitStack() as stack:
        notion = await stack.enter_async_context(notion_client(settings))
        schema = await open_schema(notion, settings)
        yield Services(
            settings=settings,
            notion=notion,
            schema=schema,
            locks=stack.enter_context(open_locks(settings, notion, schema)),
            source=source_client(settings),
        )
