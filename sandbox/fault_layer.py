"""Carries a plan's decisions out around one service, and notes every request in the ledger.

The service behind it is an ASGI application that knows nothing of faults. A request is read whole
first, so that it can be applied later, or applied and not answered.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.fault_answers import answer_for
from sandbox.fault_exchange import Exchange, RawAnswer, client_gone, read_exchange
from sandbox.faults import Fault, FaultPlan
from sandbox.injector import Decision, Injector
from sandbox.ledger import Ledger
from sandbox.listener import hang_up

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_ASKING_POST = re.compile(r"/query$|^/v1/search$|^/api/v2/(item|folder|tag)/(get|query)$")


def route_of(path: str) -> str:
    """The path with `{id}` for each id, so that requests can be counted by kind."""
    return re.sub(r"(/properties/)[^/]+$", r"\1{property}", _ID.sub("{id}", path))


def is_write(method: str, path: str) -> bool:
    """True if the request changes something: neither a GET nor a POST that only asks."""
    return method not in {"GET", "HEAD", "OPTIONS"} and not _ASKING_POST.search(path)


class FaultLayer:
    """ASGI middleware around the service named `service`; without a plan it keeps the ledger only.

    `on_switch` is called with a library when a plan says that the user opens another one. While
    `is_stopped` says so, every connection is dropped unanswered.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: str,
        ledger: Ledger,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_switch: Callable[[str], None] = lambda _: None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.service = service
        self._is_stopped = is_stopped
        self._app = app
        self._ledger = ledger
        self._clock = clock
        self._on_switch = on_switch
        self._late: set[asyncio.Task[None]] = set()
        self.use(FaultPlan())

    @property
    def plan(self) -> FaultPlan:
        """The plan in force."""
        return self._injector.plan

    @property
    def writes_under_way(self) -> int:
        """How many late writes have not landed yet."""
        return len(self._late)

    def use(self, plan: FaultPlan, *, seed: int = 0) -> None:
        """Follow `plan` from the next request on; counts and windows begin anew."""
        self._injector = Injector(self.service, plan, seed=seed, clock=self._clock)

    async def settle(self) -> None:
        """Wait until every late write has landed."""
        while self._late:
            await asyncio.gather(*self._late, return_exceptions=True)

    async def close(self) -> None:
        """Forget the late writes that have not landed, as a service that crashes would."""
        late = list(self._late)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        writes = is_write(scope["method"], scope["path"])
        exchange = await read_exchange(scope, receive, send, began=began, is_write=writes)
        if exchange is None:
            return
        if self._is_stopped():
            self._drop(exchange, Decision(number=0, fault=Fault.STOPPED))
            return
        decision = self._injector.decide(exchange.asked)
        if decision.switch_to:
            self._on_switch(decision.switch_to)
        await asyncio.sleep(decision.delay_before)
        await self._carry_out(exchange, decision)

    async def _carry_out(self, exchange: Exchange, decision: Decision) -> None:
        fault = decision.fault
        if fault is None or fault.commits:
            await self._apply_and_answer(exchange, decision)
        elif fault is Fault.LATE:
            await self._land_late(exchange, decision)
        elif fault in {Fault.DROPPED, Fault.STOPPED}:
            self._drop(exchange, decision)
        else:
            told = answer_for(self.service, exchange.asked, decision)
            await self._reply(exchange, decision, told)

    async def _apply_and_answer(self, exchange: Exchange, decision: Decision) -> None:
        answer = await exchange.apply(self._app)
        await asyncio.sleep(decision.delay_after)
        if decision.fault is None or answer.status >= 400:
            passed = dataclasses.replace(decision, fault=None)
            await self._reply(exchange, passed, answer)
        elif decision.fault is Fault.DROPPED_SAVED:
            self._drop(exchange, decision)
        else:
            told = answer_for(self.service, exchange.asked, decision, answer.body)
            await self._reply(exchange, decision, told)

    async def _land_late(self, exchange: Exchange, decision: Decision) -> None:
        landing = asyncio.create_task(self._land(exchange, decision))
        self._late.add(landing)
        landing.add_done_callback(self._late.discard)
        gone = asyncio.create_task(client_gone(exchange.receive))
        await asyncio.wait({gone}, timeout=decision.hold)
        gone.cancel()
        self._drop(exchange, decision)

    async def _land(self, exchange: Exchange, decision: Decision) -> None:
        await asyncio.sleep(decision.lands_after)
        answer = await exchange.apply(self._app)
        self._ledger.commit(
            self.service,
            "late.landed",
            number=decision.number,
            method=exchange.asked.method,
            path=exchange.asked.path,
            status=answer.status,
            after=round(self._clock() - exchange.began, 3),
        )

    async def _reply(self, exchange: Exchange, decision: Decision, answer: RawAnswer) -> None:
        self._note(exchange, decision, answer.status)
        await exchange.reply(answer)

    def _drop(self, exchange: Exchange, decision: Decision) -> None:
        self._note(exchange, decision, 0)
        hang_up(exchange.scope)

    def _note(self, exchange: Exchange, decision: Decision, status: int) -> None:
        """One line a request; `fault` is there if one was injected, `seconds` from its arrival."""
        asked = exchange.asked
        facts: dict[str, object] = {
            "route": route_of(asked.path),
            "number": decision.number,
            "seconds": round(self._clock() - exchange.began, 4),
        }
        query = exchange.scope["query_string"].decode("latin-1")
        if query:
            facts["query"] = query
        if decision.fault is not None:
            facts["fault"] = decision.fault.value
        self._ledger.request(self.service, asked.method, asked.path, status, **facts)
