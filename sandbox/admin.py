"""The sandbox's administration at `/_sandbox`: what happened, and what is to go wrong.

    GET    /_sandbox/ledger       entries; any field filters (?event=request&service=notion),
                                  ?last=N keeps the newest N
    GET    /_sandbox/summary      numbers: pages by state, items by kind, imports, locks, requests
    GET    /_sandbox/environment  what the sandbox printed at its start
    GET    /_sandbox/faults       the plans in force
    POST   /_sandbox/faults       {"service"?, "preset"?, "plan"?, "seed"?}
    DELETE /_sandbox/faults       no more faults (?service= for one)
    POST   /_sandbox/settle       wait until late writes and imports are done
    POST   /_sandbox/eagle        {"stopped"?, "library"?, "lose_imports"?, "import_delay"?}
    POST   /_sandbox/soundcloud/{track_id}/condition   {"condition", and its details}
    and what admin_soundcloud.py adds: tracks, likes, reposts, sets

A call that cannot be meant is answered with 400 and `{"error": sentence}`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox import admin_soundcloud
from sandbox.eagle.eagle import NoSuchLibrary
from sandbox.fault_plans import PRESETS, plan_from
from sandbox.faults import SERVICES
from sandbox.summary import summary_of

if TYPE_CHECKING:
    from sandbox.administered import Administered


Handler = Callable[[Request], Awaitable[JSONResponse]]


def create_app(sandbox: Administered) -> Starlette:
    """The routes above, for `sandbox`."""
    calls = _Calls(sandbox)
    routes = [
        Route("/_sandbox/ledger", calls.ledger, methods=["GET"]),
        Route("/_sandbox/summary", calls.summary, methods=["GET"]),
        Route("/_sandbox/environment", calls.environment, methods=["GET"]),
        Route("/_sandbox/faults", calls.plans, methods=["GET"]),
        Route("/_sandbox/faults", calls.set_faults, methods=["POST"]),
        Route("/_sandbox/faults", calls.clear_faults, methods=["DELETE"]),
        Route("/_sandbox/settle", calls.settle, methods=["POST"]),
        Route("/_sandbox/eagle", calls.eagle, methods=["POST"]),
        Route("/_sandbox/soundcloud/{track_id}/condition", calls.condition, methods=["POST"]),
        *admin_soundcloud.routes(sandbox.soundcloud),
    ]
    refusals = (ValueError, KeyError, TypeError, NoSuchLibrary)
    return Starlette(routes=routes, exception_handlers=dict.fromkeys(refusals, _refused))


async def _refused(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=400)


class _Calls:
    """One method a route."""

    def __init__(self, sandbox: Administered) -> None:
        self._sandbox = sandbox

    async def ledger(self, request: Request) -> JSONResponse:
        wanted = dict(request.query_params)
        last = int(wanted.pop("last", "0"))
        entries = [
            entry
            for entry in self._sandbox.ledger.entries()
            if all(str(entry.get(name)) == value for name, value in wanted.items())
        ]
        return JSONResponse(json.loads(json.dumps(entries[-last:], default=str)))

    async def summary(self, _: Request) -> JSONResponse:
        return JSONResponse(summary_of(self._sandbox))

    async def environment(self, _: Request) -> JSONResponse:
        return JSONResponse(self._sandbox.environment)

    async def plans(self, _: Request) -> JSONResponse:
        plans = self._sandbox.plans
        return JSONResponse({name: dataclasses.asdict(plans[name]) for name in SERVICES})

    async def set_faults(self, request: Request) -> JSONResponse:
        body = await _object(request)
        service, preset, seed = body.get("service"), body.get("preset"), body.get("seed", 0)
        if service is None and (body.get("plan") or preset not in PRESETS):
            raise ValueError("Name a service, or a preset for all of them.")
        for name in [service] if service else SERVICES:
            plan = plan_from(name, preset, body.get("plan", {}))
            self._sandbox.set_faults(name, plan, seed=int(seed))
        return await self.plans(request)

    async def clear_faults(self, request: Request) -> JSONResponse:
        service = request.query_params.get("service")
        for name in [service] if service else SERVICES:
            self._sandbox.set_faults(name, plan_from(name, None, {}))
        return await self.plans(request)

    async def settle(self, _: Request) -> JSONResponse:
        await self._sandbox.settle()
        return JSONResponse({"settled": True})

    async def eagle(self, request: Request) -> JSONResponse:
        body = await _object(request)
        unknown = set(body) - {"stopped", "library", "lose_imports", "import_delay"}
        if unknown:
            raise ValueError(f"Eagle has no {', '.join(sorted(unknown))}.")
        if "stopped" in body:
            change = self._sandbox.stop_eagle if body["stopped"] else self._sandbox.start_eagle
            await change()
        if "library" in body:
            self._sandbox.eagle.switch_library(str(body["library"]))
        if "lose_imports" in body:
            self._sandbox.eagle.lose_imports = float(body["lose_imports"])
        if "import_delay" in body:
            low, high = body["import_delay"]
            self._sandbox.eagle.import_delay = (float(low), float(high))
        return JSONResponse(summary_of(self._sandbox)["eagle"])

    async def condition(self, request: Request) -> JSONResponse:
        details = await _object(request)
        condition = str(details.pop("condition"))
        track_id = int(request.path_params["track_id"])
        track = self._sandbox.soundcloud.catalogue.set_condition(track_id, condition, **details)
        return JSONResponse(
            {"track": track.id, "condition": track.condition, "details": track.details}
        )


async def _object(request: Request) -> dict[str, Any]:
    body = json.loads(await request.body() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("Send a JSON object.")  # noqa: TRY004 - becomes a 400, as any bad value
    return body
