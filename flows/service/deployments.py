"""The deployments that `library-sync serve` makes: those of prefect.yaml, the night its own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema

from flows.prefect_server.objects import WORK_POOL

_GUARDED: list[dict[str, Any]] = [{"flows.prefect_server.guard.guarded": {}}]
_FILE = Path(__file__).parents[1] / "prefect.yaml"
_NIGHTLY = "library-sync-nightly"
_SHARES = "sync-share"
_CANCELLED = ConcurrencyOptions(
    collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW, grace_period_seconds=120
)
"""A scheduled run that finds the last one still at work ends at once as Cancelled."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A deployment: its flow by module and name, its parameters, and when it runs (None: never)."""

    name: str
    entrypoint: str
    description: str
    parameters: Mapping[str, Any]
    tags: Sequence[str]
    cron: str | None = None
    active: bool = True

    @property
    def flow(self) -> Flow[..., Any]:
        """The flow itself."""
        module, _, name = self.entrypoint.rpartition(".")
        found = getattr(importlib.import_module(module), name)
        assert isinstance(found, Flow)
        return found


def planned(nightly: str) -> list[Planned]:
    """Those of prefect.yaml but the shares, which need other machines; the night at `nightly`."""
    written = yaml.safe_load(_FILE.read_text("utf-8"))["deployments"]
    return [_planned(one, nightly) for one in written if one["name"] != _SHARES]


def _planned(written: Mapping[str, Any], nightly: str) -> Planned:
    schedule: Mapping[str, Any] = next(iter(written.get("schedules", [])), {})
    hour, minute = nightly.split(":")
    own = f"{int(minute)} {int(hour)} * * *"
    return Planned(
        name=written["name"],
        entrypoint=written["entrypoint"],
        description=written["description"],
        parameters=written.get("parameters") or {},
        tags=written.get("tags", []),
        cron=own if written["name"] == _NIGHTLY else schedule.get("cron"),
        active=schedule.get("active", True),
    )


async def deploy_all(client: PrefectClient, nightly: str, timezone: str) -> None:
    """Make them, or bring them up to date; what its owner switched off or on stays so.

    The nightly one is made anew when its time has changed.
    """
    for wanted in planned(nightly):
        known = await _known(client, wanted)
        if known is None or not _is_as(known, wanted, timezone):
            await _deploy(client, wanted, timezone, known)


async def _known(client: PrefectClient, wanted: Planned) -> DeploymentResponse | None:
    try:
        return await client.read_deployment_by_name(f"{wanted.flow.name}/{wanted.name}")
    except ObjectNotFound:
        return None


def _is_as(known: DeploymentResponse, wanted: Planned, timezone: str) -> bool:
    schema = parameter_schema(wanted.flow).model_dump_for_openapi()
    return (
        known.entrypoint == wanted.entrypoint
        and known.parameter_openapi_schema == schema
        and [one.schedule for one in known.schedules]
        == [one.schedule for one in _schedules(wanted, timezone, active=True)]
    )


def _schedules(wanted: Planned, timezone: str, *, active: bool) -> list[DeploymentScheduleCreate]:
    if wanted.cron is None:
        return []
    schedule = CronSchedule(cron=wanted.cron, timezone=timezone)
    return [DeploymentScheduleCreate(schedule=schedule, active=active, slug=wanted.name)]


async def _deploy(
    client: PrefectClient, wanted: Planned, timezone: str, known: DeploymentResponse | None
) -> None:
    active = known.schedules[0].active if known and known.schedules else wanted.active
    is_scheduled = wanted.cron is not None
    await client.create_deployment(
        flow_id=await client.create_flow(wanted.flow),
        name=wanted.name,
        entrypoint=wanted.entrypoint,
        work_pool_name=WORK_POOL,
        parameters=dict(wanted.parameters),
        schedules=_schedules(wanted, timezone, active=active),
        description=wanted.description.replace("(UTC)", f"({timezone})"),
        tags=list(wanted.tags),
        pull_steps=_GUARDED,
        parameter_openapi_schema=parameter_schema(wanted.flow).model_dump_for_openapi(),
        enforce_parameter_schema=True,
        concurrency_limit=1 if is_scheduled else None,
        concurrency_options=_CANCELLED if is_scheduled else None,
    )
