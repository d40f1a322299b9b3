"""The fault layer over real HTTP, around a service that counts: what is told, what takes effect."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.fault_layer import FaultLayer, is_write, route_of
from sandbox.faults import Aimed, Fault, FaultPlan, Latency, NotionPlan
from sandbox.ledger import Ledger
from sandbox.listener import Listener

PAGE = "/v1/pages/0a0a0a0a-0000-4000-8000-000000000001"
LEAVES_SOON = httpx.Timeout(60.0, read=0.05)


@dataclass
class Counter:
    """A service that keeps the bodies it was sent."""

    saved: list[str] = field(default_factory=list)
    is_stopped: bool = False

    def app(self) -> Starlette:
        async def page(request: Request) -> JSONResponse:
            if request.method != "GET":
                self.saved.append((await request.body()).decode())
            if "refuse" in self.saved[-1:]:
                return JSONResponse({"object": "error"}, status_code=400)
            return JSONResponse({"id": "page-1", "saved": len(self.saved)})

        return Starlette(routes=[Route("/{path:path}", page, methods=["GET", "PATCH", "POST"])])


@dataclass
class Bench:
    service: Counter
    layer: FaultLayer
    ledger: Ledger
    client: httpx.AsyncClient
    listener: Listener

    def aim(self, fault: Fault, **more: object) -> None:
        plan = NotionPlan(
            aimed=(Aimed(fault=fault, times=1, **more),),  # type: ignore[arg-type]
            late_hold_seconds=(30, 30),
            retry_after_seconds=(4, 4),
        )
        self.layer.use(plan)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    service, ledger = Counter(), Ledger()
    layer = FaultLayer(service.app(), "notion", ledger, is_stopped=lambda: service.is_stopped)
    listener = Listener(layer)
    await listener.open()
    async with httpx.AsyncClient(base_url=listener.address, trust_env=False) as client:
        yield Bench(service, layer, ledger, client, listener)
    await layer.close()
    await listener.close()


REFUSED = {
    Fault.RATE_LIMITED: (429, "rate_limited"),
    Fault.OVERLOADED: (529, "service_overload"),
    Fault.INTERNAL_ERROR: (500, "internal_server_error"),
    Fault.UNAVAILABLE: (503, "service_unavailable"),
    Fault.GATEWAY_TIMEOUT: (504, "gateway_timeout"),
    Fault.CONFLICT: (409, "conflict_error"),
}
SAVED = {
    Fault.UNAVAILABLE_SAVED: (503, "service_unavailable"),
    Fault.GATEWAY_TIMEOUT_SAVED: (504, "gateway_timeout"),
    Fault.CONFLICT_SAVED: (409, "conflict_error"),
}


@pytest.mark.parametrize("fault", [*REFUSED, *SAVED])
async def test_an_error_is_told_in_notions_words_and_saves_only_if_named_so(
    bench: Bench, fault: Fault
) -> None:
    bench.aim(fault)
    answer = await bench.client.patch(PAGE, content="hello")
    status, code = (REFUSED | SAVED)[fault]
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["object"] == "error"
    assert body["request_id"] == answer.headers["x-notion-request-id"]
    assert bench.service.saved == (["hello"] if fault in SAVED else [])
    (noted,) = bench.ledger.entries(event="request")
    assert (noted["status"], noted["fault"], noted["route"]) == (status, fault, "/v1/pages/{id}")


async def test_429_names_its_reason_and_time(bench: Bench) -> None:
    bench.layer.use(NotionPlan(requests_per_window=1, window_seconds=60))
    assert (await bench.client.get(PAGE)).status_code == 200
    answer = await bench.client.get(PAGE)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": answer.headers["retry-after"],
    }


async def test_503_after_commit_says_do_not_repeat_and_names_what_was_created(
    bench: Bench,
) -> None:
    bench.aim(Fault.UNAVAILABLE_SAVED)
    answer = await bench.client.post("/v1/pages", content="new")
    told = answer.json()["additional_data"]
    assert "Do not repeat the write." in told["retry_guidance"]
    assert told["committed_resource_id"] == "page-1"


async def test_502_is_html(bench: Bench) -> None:
    bench.aim(Fault.BAD_GATEWAY)
    answer = await bench.client.get(PAGE)
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert "502 Bad Gateway" in answer.text


@pytest.mark.parametrize(("fault", "saved"), [(Fault.DROPPED, 0), (Fault.DROPPED_SAVED, 1)])
async def test_a_dropped_connection_gives_no_byte(bench: Bench, fault: Fault, saved: int) -> None:
    bench.aim(fault)
    with pytest.raises(httpx.TransportError):
        await bench.client.patch(PAGE, content="hello")
    assert len(bench.service.saved) == saved
    (noted,) = bench.ledger.entries(event="request")
    assert (noted["status"], noted["fault"]) == (0, fault)
    assert (await bench.client.get(PAGE)).status_code == 200


async def test_a_refused_write_is_refused_though_a_fault_was_due(bench: Bench) -> None:
    """A fault after commit needs a commit: what the service refuses stays a 400."""
    bench.aim(Fault.DROPPED_SAVED)
    answer = await bench.client.patch(PAGE, content="refuse")
    assert answer.status_code == 400
    assert "fault" not in bench.ledger.entries(event="request")[0]


async def test_a_late_write_lands_after_its_client_gave_up(bench: Bench) -> None:
    bench.aim(Fault.LATE, after=1.0)
    with pytest.raises(httpx.ReadTimeout):
        await bench.client.patch(PAGE, content="late", timeout=LEAVES_SOON)
    assert bench.service.saved == []
    assert (await bench.client.patch(PAGE, content="next")).status_code == 200
    assert bench.layer.writes_under_way == 1
    await bench.layer.settle()
    assert bench.service.saved == ["next", "late"]
    (landed,) = bench.ledger.entries(event="commit", kind="late.landed")
    assert landed["status"] == 200
    assert landed["after"] >= 1.0


async def test_a_late_writes_connection_is_dropped_after_its_hold(bench: Bench) -> None:
    aim = Aimed(fault=Fault.LATE, after=0.05)
    bench.layer.use(NotionPlan(aimed=(aim,), late_hold_seconds=(0.1, 0.1)))
    with pytest.raises(httpx.RemoteProtocolError):
        await bench.client.patch(PAGE, content="late")
    await bench.layer.settle()
    assert bench.service.saved == ["late"]


async def test_a_late_write_is_forgotten_when_the_service_ends(bench: Bench) -> None:
    bench.aim(Fault.LATE, after=20)
    with contextlib.suppress(httpx.ReadTimeout):
        await bench.client.patch(PAGE, content="late", timeout=LEAVES_SOON)
    await bench.layer.close()
    assert bench.layer.writes_under_way == 0
    assert bench.service.saved == []


async def test_latency_lies_around_the_commit(bench: Bench) -> None:
    bench.layer.use(FaultPlan(latency=Latency(shortest=0.1, longest=0.1)))
    began = asyncio.get_running_loop().time()
    assert (await bench.client.patch(PAGE, content="slow")).status_code == 200
    assert asyncio.get_running_loop().time() - began >= 0.1
    assert bench.ledger.entries(event="request")[0]["seconds"] >= 0.1


async def test_a_slow_write_still_lands_when_its_client_has_left(bench: Bench) -> None:
    """As in Notion: giving up does not take a request back."""
    bench.layer.use(FaultPlan(latency=Latency(shortest=0.6, longest=0.6)))
    with pytest.raises(httpx.ReadTimeout):
        await bench.client.patch(PAGE, content="slow", timeout=LEAVES_SOON)
    async with asyncio.timeout(60.0):
        while not bench.service.saved:  # noqa: ASYNC110  (the service has no event)
            await asyncio.sleep(0.01)
    assert bench.service.saved == ["slow"]


async def test_a_stopped_service_drops_and_a_closed_listener_refuses(bench: Bench) -> None:
    bench.service.is_stopped = True
    with pytest.raises(httpx.TransportError):
        await bench.client.get(PAGE)
    bench.service.is_stopped = False
    port = bench.listener.port
    await bench.listener.close()
    with pytest.raises(httpx.ConnectError):
        await bench.client.get(PAGE)
    await bench.listener.open()
    assert bench.listener.port == port
    assert (await bench.client.get(PAGE)).status_code == 200


async def test_answers_leave_without_nagles_delay(bench: Bench) -> None:
    """Which would make each of them 40 ms late, and so every figure measured here wrong."""
    assert (await bench.client.get(PAGE)).status_code == 200
    server = bench.listener._server
    assert server is not None
    (connection,) = server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_eagles_errors_have_eagles_shape() -> None:
    layer = FaultLayer(Counter().app(), "eagle", Ledger())
    layer.use(FaultPlan(aimed=(Aimed(fault=Fault.INTERNAL_ERROR),)))
    transport = httpx.ASGITransport(app=layer)
    async with httpx.AsyncClient(transport=transport, base_url="http://eagle") as client:
        answer = await client.get("/api/item/list")
    assert answer.status_code == 500
    assert json.loads(answer.content)["status"] == "error"


def test_routes_and_writes_are_told_apart() -> None:
    undashed = PAGE.replace("-", "")
    assert route_of(undashed) == "/v1/pages/{id}"
    assert route_of(f"{PAGE}/properties/%3FB%3AW") == "/v1/pages/{id}/properties/{property}"
    assert is_write("PATCH", PAGE)
    assert is_write("POST", "/v1/pages")
    assert not is_write("POST", "/v1/data_sources/x/query")
    assert not is_write("GET", "/api/item/list")
    assert is_write("POST", "/api/item/addFromPaths")
    assert not is_write("POST", "/api/v2/item/query")
