"""A sandbox for synchronous code: served by an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypedDict, TypeVar, Unpack

from sandbox.builders import Builder
from sandbox.fault_plans import plan_from
from sandbox.faults import SERVICES, FaultPlan
from sandbox.server import Sandbox

T = TypeVar("T")


class Options(TypedDict, total=False):
    """The arguments of `Sandbox` behind its folder."""

    port: int
    tracks: int | None
    empty: bool
    eagle_library: str
    seed: int
    build: Builder | None


class RunningSandbox(Sandbox):
    """A sandbox whose coroutines another thread may wait for."""

    loop: asyncio.AbstractEventLoop

    def wait_for(self, work: Coroutine[Any, Any, T], *, seconds: float = 60.0) -> T:
        """Run `work` in the sandbox's event loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def use_faults(
        self, preset: str | None = None, *, seed: int = 0, **plans: dict[str, Any] | FaultPlan
    ) -> None:
        """Set faults: a `preset` for all services, and `notion=`, `eagle=`, `soundcloud=` over it.

        A service's plan is a `FaultPlan` or the fields of one as JSON has them. No argument at all
        ends every fault.
        """
        for service in SERVICES:
            given = plans.get(service, {})
            plan = given if isinstance(given, FaultPlan) else plan_from(service, preset, given)
            self.set_faults(service, plan, seed=seed)


class SandboxFactory(Protocol):
    """Starts a sandbox in a fresh folder; the arguments are `Sandbox`'s."""

    def __call__(self, **options: Unpack[Options]) -> RunningSandbox:
        """The sandbox, which answers already."""


@contextlib.contextmanager
def running_sandbox(state: Path, **options: Unpack[Options]) -> Iterator[RunningSandbox]:
    """Serve until the block ends; the arguments are `Sandbox`'s. Raises what its start raises."""
    sandbox = RunningSandbox(state, **options)
    ready: Future[asyncio.Event] = Future()
    thread = threading.Thread(target=_run, args=(sandbox, ready), name="sandbox", daemon=True)
    thread.start()
    stop = ready.result()
    try:
        yield sandbox
    finally:
        sandbox.loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(sandbox: RunningSandbox, ready: Future[asyncio.Event]) -> None:
    async def serve() -> None:
        sandbox.loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        async with sandbox:
            ready.set_result(stop)
            await stop.wait()

    try:
        asyncio.run(serve())
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)
