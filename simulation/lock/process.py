"""A process: the ports of tasks/locks on virtual time. It is stopped, resumed, killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from simulation.lock.clocks import Clocks
from simulation.lock.faults import Kind
from simulation.lock.ledger import Write
from simulation.lock.world import EPOCH, World
from tasks.eagle.imports import Imports
from tasks.errors import NotionError, NotionUnavailable
from tasks.locks.ports import LockRow, Owner
from tasks.locks.track_locks import TrackLocks


class Killed(BaseException):
    """kill -9: no code of the process runs any more."""


class Process:
    """LockStore, Clock and TokenLog of one process. Everything it waits for from the outside
    comes through `_wake`, which a pause delays and a kill ends.
    """

    def __init__(self, world: World, host: str) -> None:
        self.world, self.host, self.pid = world, host, world.next_pid()
        self.dead = False
        self.owner = Owner(self.pid, host, self, self._fresh_uuid)
        self._loop, self._random = world.loop, world.random
        self._resumed_at = 0.0
        self._waiting: dict[asyncio.Future[Any], None] = {}
        self.clocks = Clocks(world.loop, world.random, EPOCH)
        self.clocks.open(world.faults)
        self._attempts = 0
        self._uuids: set[str] = set()
        self._looked_at: dict[str, float] = {}
        self._decided_at: dict[str, float] = {}
        self.imports: Imports | None = None
        world.tokens(host)[self] = {}

    @property
    def locks(self) -> TrackLocks:
        """Its locks, as a run has them."""
        return TrackLocks(
            self,
            self,
            self.world.timing,
            self.owner,
            write_unlocked=self.write_values,
            enabled=True,
        )

    @property
    def label(self) -> str:
        """The label that this process adds to rows."""
        return f"by {self}"

    def __str__(self) -> str:
        return f"{self.pid}@{self.host}"

    def kill(self) -> None:
        """What was sent before may land yet; the record of tokens stays."""
        self.dead = True
        self.world.ledger.died(self)
        for future in self._waiting:
            if not future.done():
                future.set_exception(Killed())

    async def _wake(self, seconds: float, error: NotionError | None = None) -> None:
        """Return, or raise `error`, after `seconds`, or later if the process is stopped then."""
        await self._arrival(self._expect(seconds, error))

    def _expect(self, seconds: float, error: NotionError | None = None) -> asyncio.Future[None]:
        if self.dead:
            raise Killed
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting[future] = None
        self._loop.call_later(max(0.0, seconds), self._deliver, future, error)
        return future

    async def _arrival(self, future: asyncio.Future[None]) -> None:
        try:
            await future
        finally:
            self._waiting.pop(future, None)

    async def until_changed(self, page_id: str, *, at_most: float) -> None:
        """Return shortly after the row is written to, or after `at_most` seconds. No process can
        know; but looking just then is what makes races, and idle looks make none.
        """
        future = self._expect(at_most)
        soon = self._random.expovariate(2 / self.world.work.idle)
        self.world.watch(page_id, lambda: self._loop.call_later(soon, self._deliver, future, None))
        await self._arrival(future)

    def _deliver(self, future: asyncio.Future[None], error: NotionError | None) -> None:
        if future.done():
            return
        now = self._loop.time()
        self.clocks.maybe_step(self.world.faults)
        if self.world.faults.stops > self._random.random():
            self._stop(self._random_stop())
        if now < self._resumed_at:
            # Whatever came while it was stopped is found in any order when it goes on.
            resumed = self._resumed_at + self._random.uniform(0, 1e-3)
            self._loop.call_at(resumed, self._deliver, future, error)
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(None)

    def _random_stop(self) -> float:
        timing = self.world.timing
        longest = self._random.choice((3.0, timing.landing, 1.5 * timing.timeout))
        return self._random.uniform(0, longest)

    def _stop(self, seconds: float) -> None:
        """SIGSTOP, or a laptop put to sleep: no code of the process runs for `seconds`."""
        self.world.ledger.note(f"{self} stopped for {seconds:.1f} s")
        resumed = max(self._resumed_at, self._loop.time() + seconds)
        if self.world.faults.uncounted > self._random.random():
            stopped = resumed - max(self._resumed_at, self._loop.time())
            still = partial(self.clocks.stand_still, stopped, wall_too=self.world.walls_stop)
            self._loop.call_at(resumed, still)  # whatever it still does at this moment came before
        self._resumed_at = resumed

    # Clock

    def monotonic(self) -> float:
        return self.clocks.monotonic()

    def now(self) -> datetime:
        return self.clocks.notion.earliest()

    def latest(self) -> datetime:
        return self.clocks.notion.latest()

    @property
    def is_sure(self) -> bool:
        return self.clocks.notion.is_sure

    @property
    def partings(self) -> int:
        return self.clocks.notion.partings

    @property
    def is_in_doubt(self) -> bool:
        return self.clocks.notion.is_in_doubt

    async def sleep(self, seconds: float) -> None:
        await self._wake(seconds)

    # TokenLog

    def record(self, token: str, *, busy: float = 0.0) -> None:
        if not self.dead:
            until = self._loop.time() + busy if busy else 0.0
            self.world.tokens(self.host)[self][token] = until

    def strike(self, token: str) -> None:
        if not self.dead:
            self.world.tokens(self.host)[self].pop(token, None)

    def _fresh_uuid(self) -> str:
        self._attempts += 1
        return f"{self.pid:04x}{self._attempts:04x}"

    # LockStore

    async def reserve(self, requests: int) -> None:
        del requests
        if self.dead:
            raise Killed
        if self.world.faults.permit_waits > self._random.random():
            await self._wake(self._random.expovariate(0.2))

    async def read(self, page_id: str, *, timeout: float | None = None) -> LockRow:  # noqa: ASYNC109  (the port's)
        faults, patience = self.world.faults, self._patience(timeout)
        there, back = faults.one_way(self._random), faults.one_way(self._random)
        if faults.failed_reads > self._random.random():
            await self._wake(min(there + back, patience), NotionUnavailable("503"))
        if there + back > patience:
            await self._wake(patience, NotionUnavailable("no answer in time"))
        seen: list[tuple[LockRow, float]] = []
        asked = self.clocks.notion.asking()
        self._loop.call_later(there, self._look, page_id, seen)
        await self._wake(there + back)
        row, answered_at = seen[0]
        self.clocks.hear(asked, answered_at, faults)
        return row

    def _look(self, page_id: str, seen: list[tuple[LockRow, float]]) -> None:
        seen.append((self.world.row(page_id), self._loop.time()))
        self._looked_at[page_id] = self._loop.time()

    def decided_on(self, page_id: str, rows: Iterable[str]) -> None:
        """What is written into the row from now on is decided on what `rows` showed by now, and on
        no later look at them.
        """
        self._decided_at[page_id] = min(self._looked_at.get(row, 0.0) for row in rows)

    async def write_values(self, page_id: str, properties: Mapping[str, Any]) -> LockRow:
        """A PATCH that leaves the lock as it is."""
        return await self._write(page_id, None, properties, None)

    async def write(
        self,
        page_id: str,
        lock: str,
        properties: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  (the port's)
    ) -> LockRow:
        return await self._write(page_id, lock, properties or {}, timeout)

    async def _write(
        self, page_id: str, lock: str | None, properties: Mapping[str, Any], patience: float | None
    ) -> LockRow:
        if self.dead:
            raise Killed
        looked_at = self._looked_at.get(page_id, self._loop.time())
        decided_at = self._decided_at.get(page_id, looked_at) if properties else looked_at
        write = Write(lock, properties, decided_at)
        patience, latest = self._patience(patience), self.world.latest
        fate = self.world.faults.fate(self._random, self._kind(lock), latest=latest)
        if self.world.faults.stops_before_sending > self._random.random():
            await self._wake(self._random_stop())
        self.may_be_killed()
        asked = self.clocks.notion.asking()
        if fate.lands is not None:
            self._loop.call_later(fate.lands, self.world.land, self, page_id, write)
        if fate.error is not None:
            after = patience if fate.error_after is None else min(fate.error_after, patience)
            await self._wake(after, fate.error)
        assert fate.lands is not None
        landed_at = self._loop.time() + fate.lands
        answered = fate.lands + self.world.faults.one_way(self._random)
        if answered > patience:
            await self._wake(patience, NotionUnavailable("no answer in time", maybe_applied=True))
        await self._wake(answered)
        self.clocks.hear(asked, landed_at, self.world.faults)
        return self.world.row(page_id)

    def _kind(self, lock: str | None) -> Kind:
        if not lock:
            return Kind.FINAL
        uuid = lock.split(":")[2]
        kind = Kind.RENEWAL if uuid in self._uuids else Kind.CLAIM
        self._uuids.add(uuid)
        return kind

    def _patience(self, timeout: float | None) -> float:
        longest = self.world.timing.landing
        return longest if timeout is None else max(0.0, min(timeout, longest))

    def may_be_killed(self) -> None:
        if self.world.faults.kills > self._random.random():
            self._loop.call_later(self._random.uniform(0, 4.0), self.kill)
