"""SoundCloud's stand-in: a proxy for yt-dlp, and behind it all hosts it asks."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.faults import Asked, Fault, FaultPlan, SoundCloudPlan
from sandbox.injector import Decision, Injector
from sandbox.ledger import Ledger
from sandbox.soundcloud.accounts import Accounts
from sandbox.soundcloud.addresses import MEDIA_HOSTS
from sandbox.soundcloud.api import Api
from sandbox.soundcloud.artwork import ARTWORK_HOST, serve_artwork
from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.certificates import server_context
from sandbox.soundcloud.media import Media
from sandbox.soundcloud.messages import Answer, Request, html_answer, json_answer
from sandbox.soundcloud.proxy import Proxy
from sandbox.soundcloud.recordings import Recordings
from sandbox.soundcloud.site import ASSET_HOST, script, short_link, web_page

_WEB = ("soundcloud.com", "www.soundcloud.com", "m.soundcloud.com")
_API, _LOGIN, _SHORT = "api-v2.soundcloud.com", "api-auth.soundcloud.com", "on.soundcloud.com"

HOSTS = (*_WEB, *MEDIA_HOSTS, _API, _LOGIN, _SHORT, ASSET_HOST, ARTWORK_HOST)
"""The hosts the proxy answers for; it reaches no other machine."""

_STATUS = {
    Fault.RATE_LIMITED: 429,
    Fault.INTERNAL_ERROR: 500,
    Fault.BAD_GATEWAY: 502,
    Fault.UNAVAILABLE: 503,
    Fault.GATEWAY_TIMEOUT: 504,
}
_KEY = re.compile(r"[0-9A-Za-z]{6}[0-9a-f]{8}(?=[/.])")
_CODE = re.compile(r"(?<=-)\w{24}(?=/)")
_NUMBER = re.compile(r"(?<=[/:-])\d{5,}")


class SoundCloudStandIn:
    """Serves `catalogue` and `accounts`, which `state` keeps from one start to the next."""

    def __init__(self, state: Path, ledger: Ledger, *, seed: int = 0) -> None:
        self.catalogue = Catalogue(state / "catalogue.jsonl", seed=seed)
        self.accounts = Accounts(state / "accounts.jsonl", self.catalogue)
        self._state = state
        self._ledger = ledger
        self._media = Media(self.catalogue, Recordings(state / "recordings", seed=seed))
        self._api = Api(self.catalogue, self.accounts)
        self._proxy: Proxy | None = None
        self.use(SoundCloudPlan())

    @property
    def plan(self) -> FaultPlan:
        """The plan of faults in force."""
        return self._injector.plan

    def use(self, plan: FaultPlan, *, seed: int = 0) -> None:
        """Follow `plan` from the next request on; its `format_budget` becomes the catalogue's."""
        self._injector = Injector("soundcloud", plan, seed=seed, clock=time.monotonic)
        if isinstance(plan, SoundCloudPlan):
            self.catalogue.format_budget = plan.format_budget
            self.catalogue.hide_client_id(is_hidden=plan.hides_client_id)

    async def start(self, port: int = 0) -> int:
        """Begin to answer on 127.0.0.1; returns the port. Raises OSError if it is taken."""
        context = await asyncio.to_thread(server_context, self._state, HOSTS)
        self._proxy = Proxy(self._handle, HOSTS, context)
        return await self._proxy.open(port)

    async def stop(self) -> None:
        """Refuse connections from now on and drop the open ones."""
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            await proxy.close()

    async def _handle(self, request: Request) -> Answer | None:
        began = time.monotonic()
        asked = Asked(
            method=request.method,
            path=f"/{request.host}{request.path}",
            caller=request.headers.get("authorization", ""),
        )
        decision = self._injector.decide(asked)
        await asyncio.sleep(self.catalogue.latency + decision.delay_before)
        answer = _faulty(decision) if decision.fault else await self._answer(request)
        await asyncio.sleep(decision.delay_after)
        self._note(request, decision, answer, time.monotonic() - began)
        return answer

    async def _answer(self, request: Request) -> Answer:
        host = request.host
        if host in MEDIA_HOSTS:
            return await self._media.answer(request)
        if host == ARTWORK_HOST:
            return await asyncio.to_thread(serve_artwork, request)
        answers: dict[str, Callable[[], Answer]] = {
            _API: lambda: self._api.answer(request),
            _LOGIN: lambda: self._api.verify_login(request),
            _SHORT: lambda: short_link(self.catalogue, request),
            ASSET_HOST: lambda: script(self.catalogue, request),
        }
        return answers.get(host, lambda: web_page(request))()

    def _note(
        self, request: Request, decision: Decision, answer: Answer | None, seconds: float
    ) -> None:
        """One line a request; `fault` is there if one was injected, status 0 if it was dropped."""
        path = f"{request.host}{request.path}"
        facts: dict[str, object] = {
            "route": _route(path),
            "number": decision.number,
            "seconds": round(seconds, 4),
        }
        if decision.fault is not None:
            facts["fault"] = decision.fault.value
        status = answer.status if answer is not None else 0
        self._ledger.request("soundcloud", request.method, path, status, **facts)


def _faulty(decision: Decision) -> Answer | None:
    """What the client gets instead of an answer; None drops the connection."""
    assert decision.fault is not None
    status = _STATUS.get(decision.fault)
    if status is None:
        return None
    if status == 502:
        return html_answer("<!DOCTYPE html><title>502 Bad Gateway</title>", status)
    return json_answer({}, status)


def _route(path: str) -> str:
    """The path with a placeholder for each id, so that requests can be counted by kind."""
    return _NUMBER.sub("{id}", _CODE.sub("{code}", _KEY.sub("{key}", path)))
