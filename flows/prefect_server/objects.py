"""What library-sync needs on a Prefect server, made once and left alone afterwards.

`library-sync setup` calls `prepare_server`; what is there already, in whatever state its owner has
put it since, is only reported.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, NamedTuple

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.process import ProcessWorker

from flows.prefect_server.automations import (
    failures_are_told,
    make_automation,
    silent_and_late_runs,
)
from flows.prefect_server.blocks import register_blocks
from flows.prefect_server.limits import CONVERSIONS, DOWNLOADS, NOTION_REQUESTS
from flows.prefect_server.outage import OUT_OF_REACH, no_server
from flows.settings import load_settings
from tasks.errors import ConfigurationError
from tasks.notion.budget import LEASE_SECONDS

WORK_POOL = "library-sync"
NOTIFICATIONS_BLOCK = "library-sync-notifications"

_SECONDS = 60.0
_MACHINES = 4


async def prepare_server() -> list[str]:
    """Make the pool, limits, automations and block types on the configured server.

    Returns a sentence for each of them: made, or found. Idempotent. Raises httpx.HTTPError when
    the server does not answer.
    """
    async with get_client() as client:
        said = [await _work_pool(client)]
        said += [await _limit(client, limit) for limit in _limits()]
        said += [await make_automation(client, wanted) for wanted in silent_and_late_runs()]
        said += await _notifications(client)
    return [*said, await register_blocks()]


async def require_work_pool() -> None:
    """Raises ConfigurationError without the server, and without the pool on it."""
    try:
        async with get_client() as client:
            await client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        raise ConfigurationError(
            f"The Prefect server has no work pool {WORK_POOL}.",
            remedy="Run `library-sync setup --server`, then `library-sync deploy`.",
        ) from None
    except OUT_OF_REACH as error:
        raise no_server(error) from error


async def _work_pool(client: PrefectClient) -> str:
    pool = WorkPoolCreate(
        name=WORK_POOL,
        type="process",
        description="Machines that sync the library; start one with `library-sync worker`.",
        base_job_template=ProcessWorker.get_default_base_job_template(),
    )
    try:
        await client.create_work_pool(pool)
    except ObjectAlreadyExists:
        return f"Work pool {WORK_POOL}: found."
    return f"Work pool {WORK_POOL}: made, for workers of type process."


class _Limit(NamedTuple):
    name: str
    slots: int
    decay: float
    meaning: str


def _limits() -> list[_Limit]:
    """Sizes for a few machines at their defaults; the owner changes them in the UI."""
    settings = load_settings()
    per_minute = settings.notion_requests_per_minute
    burst = max(1, per_minute // 6)
    # No 60 s may see more than the budget, though a permit may be used LEASE_SECONDS late.
    decay = round((per_minute - burst) / (_SECONDS + LEASE_SECONDS), 3) or 0.01
    several = settings.max_concurrency * _MACHINES
    return [
        _Limit(NOTION_REQUESTS, burst, decay, f"{per_minute} requests a minute for all workers"),
        _Limit(DOWNLOADS, several, 0.0, f"{several} downloads at a time on all workers"),
        _Limit(CONVERSIONS, several, 0.0, f"{several} conversions at a time on all workers"),
    ]


async def _limit(client: PrefectClient, wanted: _Limit) -> str:
    try:
        await client.read_global_concurrency_limit_by_name(wanted.name)
    except ObjectNotFound:
        limit = GlobalConcurrencyLimitCreate(
            name=wanted.name, limit=wanted.slots, slot_decay_per_second=wanted.decay
        )
        with suppress(ObjectAlreadyExists):  # another `setup` has made it just now
            await client.create_global_concurrency_limit(limit)
            return f"Limit {wanted.name}: made, {wanted.meaning}."
    return f"Limit {wanted.name}: found."


async def _notifications(client: PrefectClient) -> list[str]:
    """Failed runs, and runs with many failures, to the user's block, once it is there."""
    blocks = [
        document.id
        async for document in _blocks(client)
        if document.name == NOTIFICATIONS_BLOCK and document.id is not None
    ]
    if not blocks:
        said = f"Notifications: none. Make a block named {NOTIFICATIONS_BLOCK} (Slack, e-mail, …) "
        return [said + "in Prefect's UI and run setup again to get a message about failed runs."]
    wanted = failures_are_told(blocks[0], NOTIFICATIONS_BLOCK)
    return [await make_automation(client, automation) for automation in wanted]


async def _blocks(client: PrefectClient) -> AsyncIterator[Any]:
    offset = 0
    while page := await client.read_block_documents(limit=100, offset=offset):
        for document in page:
            yield document
        offset += len(page)
