"""Limits that all workers of one Prefect server share: Notion's requests, downloads, conversions.

They are throttles and never locks (docs/facts/prefect.md). Without a server, or where a limit
was not made, nothing changes. If a server stops answering, there is a warning, and work goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.concurrency.asyncio import concurrency
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from flows.prefect_server.environment import is_embedded
from flows.prefect_server.outage import OUT_OF_REACH
from flows.prefect_server.shared_limits import SharedLimits
from tasks.soundcloud.equipment import Gate

_log = logging.getLogger("flows.limits")

NOTION_REQUESTS = "library-sync-notion"
DOWNLOADS = "library-sync-downloads"
CONVERSIONS = "library-sync-conversions"

_LOCKED = 423
_SHORTEST_WAIT = 0.2


def has_server() -> bool:
    """True if a Prefect server of the user's is configured, not the one a run starts for itself."""
    return bool(PREFECT_API_URL.value()) and not is_embedded()


async def open_limits() -> SharedLimits:
    """The limits of the configured server; all open without one."""
    if not has_server():
        return SharedLimits()
    try:
        async with get_client() as client:
            known = {limit.name for limit in await client.read_global_concurrency_limits(limit=200)}
    except OUT_OF_REACH as error:
        _log.warning("The Prefect server's limits cannot be read (%s); going on without", error)
        return SharedLimits()
    return SharedLimits(
        notion=ServerPermits() if NOTION_REQUESTS in known else None,
        downloads=_gate(DOWNLOADS) if DOWNLOADS in known else nullcontext,
        conversions=_gate(CONVERSIONS) if CONVERSIONS in known else nullcontext,
    )


def _gate(name: str) -> Gate:
    """Contexts that hold one slot of the limit; its lease ends by itself if we die."""

    @asynccontextmanager
    async def hold() -> AsyncIterator[None]:
        async with concurrency(name, strict=False, raise_on_lease_renewal_failure=False):
            yield

    return hold


class ServerPermits:
    """Notion's budget as a limit with slot decay on the server (`SharedPermits`)."""

    def __init__(self) -> None:
        self._is_out_of_reach = False

    async def lease(self, permits: int) -> None:
        """Wait until the server grants `permits`; a server out of reach grants at once.

        While the limit is full, its decay says how long to wait, so that workers do not ask again
        and again.
        """
        try:
            async with get_client() as client:
                while (wait := await _ask(client, permits)) > 0:  # noqa: ASYNC110  (the server has no event)
                    await asyncio.sleep(wait)
            self._is_out_of_reach = False
        except (*OUT_OF_REACH, ObjectNotFound) as error:
            if not self._is_out_of_reach:
                _log.warning("Notion's budget on the Prefect server does not answer: %s", error)
            self._is_out_of_reach = True


async def _ask(client: PrefectClient, permits: int) -> float:
    """0 if the server granted `permits` just now, else the seconds until it can."""
    try:
        await client.increment_concurrency_slots([NOTION_REQUESTS], permits, "rate_limit")
    except PrefectHTTPStatusError as error:
        if error.response.status_code != _LOCKED:
            raise
    else:
        return 0.0
    limit = await client.read_global_concurrency_limit_by_name(NOTION_REQUESTS)
    missing = limit.active_slots + permits - limit.limit
    return max(_SHORTEST_WAIT, missing / limit.slot_decay_per_second)
