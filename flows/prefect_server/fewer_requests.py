"""A track's flow run is recorded with five requests to Prefect's server, not with eight.

Prefect's client asks for the flow's id before each run of it, gives a run its name only after it
was made, and looks for an earlier run of each subflow, which can only be where a run is made once
more. Each request costs a Prefect server some milliseconds, on the processor that tracks need
(docs/performance.md, "What was tried, and what it gave").

Prefect offers no setting for it, so its client's `request` is wrapped while tracks are in work.
A request in another form than the ones known here is sent as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.context import AsyncClientContext, FlowRunContext

_NAME_FROM: Final = "label"
"""The parameter of a track's flow that its run is named by."""


@contextmanager
def fewer_requests() -> Iterator[None]:
    """While the block runs, in a run that is the first of its flow run."""
    clients, run = AsyncClientContext.get(), FlowRunContext.get()
    is_first = run is not None and run.flow_run is not None and run.flow_run.run_count <= 1
    if clients is None or not is_first or "request" in vars(clients.client):
        yield  # a parent's run of several shares its client: the first of them remembers for all
        return
    client = clients.client
    client.request = _Remembering(client).request  # type: ignore[method-assign]
    try:
        yield
    finally:
        del client.request


class _Remembering:
    """What a client's requests said that need not be asked again."""

    def __init__(self, client: PrefectClient) -> None:
        self._send: Callable[..., Awaitable[httpx.Response]] = client.request
        self._flows: dict[str, httpx.Response] = {}
        self._named: set[str] = set()

    async def request(self, method: str, path: str, *rest: Any, **options: Any) -> httpx.Response:
        """The server's answer, or the one that it is known to give."""
        body = options.get("json")
        match method, path:
            case "POST", "/flows/":
                return await self._flow(str(body), method, path, *rest, **options)
            case "POST", "/flow_runs/":
                return await self._made(body, method, path, *rest, **options)
            case "PATCH", "/flow_runs/{id}" if self._has_name(body, options):
                return httpx.Response(httpx.codes.NO_CONTENT)
            case "POST", "/flow_runs/filter" if _is_of_parent_task(body):
                return httpx.Response(httpx.codes.OK, json=[])
        return await self._send(method, path, *rest, **options)

    async def _flow(self, body: str, *rest: Any, **options: Any) -> httpx.Response:
        if body not in self._flows:
            self._flows[body] = await self._send(*rest, **options)
        return self._flows[body]

    async def _made(self, body: Any, *rest: Any, **options: Any) -> httpx.Response:
        """A new run, which has its name at once where its parameters tell it."""
        label = (body.get("parameters") or {}).get(_NAME_FROM)
        if not label or not isinstance(label, str) or body.get("name"):
            return await self._send(*rest, **options)
        made = await self._send(*rest, **options | {"json": body | {"name": label}})
        self._named.add(f"{made.json()['id']} {label}")
        return made

    def _has_name(self, body: Any, options: dict[str, Any]) -> bool:
        named = options.get("path_params", {}).get("id")
        return list(body) == ["name"] and f"{named} {body['name']}" in self._named


def _is_of_parent_task(body: Any) -> bool:
    """True for the search of a subflow's earlier run by the task that stands for it."""
    asked = {key for key, value in (body.get("flow_runs") or {}).items() if value is not None}
    return asked - {"operator"} == {"parent_task_run_id"}
