"""The client of each service, as the settings want it: one factory each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from flows.settings import Settings
from tasks.eagle.client import EagleClient
from tasks.eagle.paths import PathMap
from tasks.notion.budget import RequestBudget, SharedPermits
from tasks.notion.client import NotionClient
from tasks.soundcloud.budget import SourceBudget

if TYPE_CHECKING:
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


def eagle_client(http: httpx.AsyncClient, settings: Settings) -> EagleClient:
    """Eagle, whose machine may name our paths otherwise."""
    return EagleClient(
        http,
        settings.eagle_api_base,
        settings.eagle_token.get_secret_value(),
        path_map=PathMap.parse(settings.eagle_path_map),
    )
