"""The client of each service as the settings want it, and the locks of this process.

`Services` has them together, for a command that needs no run around it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.session.preflight import open_schema
from flows.settings import Settings
from tasks.eagle.paths import PathMap
from tasks.locks.clock import SystemClock
from tasks.locks.ports import Owner, this_host
from tasks.locks.registry import TokenFile
from tasks.locks.timing import LockTiming
from tasks.locks.track_locks import TrackLocks
from tasks.notion.budget import RequestBudget, SharedPermits
from tasks.notion.client import NotionClient
from tasks.notion.lock_store import NotionLockStore
from tasks.notion.new_rows import JustMade, NewRows
from tasks.notion.properties import Field
from tasks.notion.schema import Schema
from tasks.soundcloud.budget import SourceBudget

if TYPE_CHECKING:
    from tasks.eagle.client import EagleClient
    from tasks.soundcloud.client import SoundCloudClient


def notion_client(settings: Settings, shared: SharedPermits | None = None) -> NotionClient:
    """Notion with this process's budget, or the one that workers share."""
    return NotionClient(
        settings.notion_token.get_secret_value(),
        base_url=settings.notion_base_url,
        budget=RequestBudget(settings.notion_requests_per_minute, shared=shared),
    )


def source_client(settings: Settings) -> SoundCloudClient:
    """SoundCloud, through the proxy where there is one; the first takes a fifth of a second."""
    from tasks.soundcloud.client import SoundCloudClient  # noqa: PLC0415  (imports yt-dlp)

    return SoundCloudClient(
        proxy=settings.sc_proxy or None,
        tls_verify=settings.sc_tls_verify,
        auth_token=settings.sc_auth_token.get_secret_value() or None,
        cache_dir=settings.state_dir / "yt-dlp",
        allowed_hosts=settings.allowed_source_hosts,
        budget=SourceBudget(),
    )


def eagle_client(settings: Settings) -> EagleClient:
    """Eagle, whose machine may name our paths otherwise; the first takes a tenth of a second."""
    from tasks.eagle.client import EagleClient  # noqa: PLC0415  (imports aiohttp)

    return EagleClient(
        settings.eagle_api_base,
        settings.eagle_token.get_secret_value(),
        path_map=PathMap.parse(settings.eagle_path_map),
    )


@contextmanager
def open_locks(
    settings: Settings, notion: NotionClient, schema: Schema, timing: LockTiming | None = None
) -> Iterator[TrackLocks]:
    """Until the block ends. `timing` is for tests. Raises ConfigurationError for unsafe times."""
    store = NotionLockStore(notion, schema)
    with TokenFile(settings.state_dir / "locks", host=this_host(), pid=os.getpid()) as tokens:
        yield TrackLocks(
            store,
            SystemClock(notion.time),
            timing or LockTiming(timeout=settings.lock_timeout_minutes * 60),
            Owner.this_process(tokens),
            write_unlocked=store.write_values,
            enabled=settings.lock_enabled and Field.LOCK in schema,
        )


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
