"""One row, one process and virtual time, with the answers that a test scripts."""

from __future__ import annotations

from random import Random

from simulation.lock.faults import Fate
from simulation.lock.ledger import Ledger
from simulation.lock.loop import VirtualLoop
from simulation.lock.process import Process
from simulation.lock.themes import Work
from simulation.lock.world import EPOCH, Register, World
from tasks.errors import NotionRateLimited, NotionUnavailable
from tasks.locks.claim import Won
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue

TIMING = LockTiming()
ANSWERED = Fate(0.1)
REFUSED = Fate(None, NotionRateLimited("429", retry_after=2.0), 0.1)
RESULT = {"Result": {"number": 7}}


def silent(*, lands: float | None) -> Fate:
    return Fate(lands, NotionUnavailable("no answer", maybe_applied=True), None)


def failed(*, lands: float | None) -> Fate:
    return Fate(lands, NotionUnavailable("503", maybe_applied=True), 0.2)


class Script:
    """Faults as told: the fates of the writes, in turn; what is not told goes well."""

    failed_reads = permit_waits = stops = stops_before_sending = kills = 0.0
    wall_steps = wrong_dates = wrong_dates_by = uncounted = 0.0

    def __init__(self) -> None:
        self.fates: list[Fate] = []

    def one_way(self, _: Random) -> float:
        return 0.1

    def fate(self, *_: object, latest: float) -> Fate:
        return self.fates.pop(0) if self.fates else ANSWERED


class Here(Process):
    """A process whose requests are kept: (seconds, lock, properties) of each write."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "here")
        self.sent: list[tuple[float, str, object]] = []
        self.reads = 0

    async def read(self, page_id, *, timeout=None):  # noqa: ASYNC109  (the port's)
        self.reads += 1
        return await super().read(page_id, timeout=timeout)

    async def write(self, page_id, lock, properties=None, *, timeout=None):  # noqa: ASYNC109  (as above)
        self.sent.append((self.world.loop.time(), lock, properties))
        return await super().write(page_id, lock, properties, timeout=timeout)

    @property
    def tokens(self) -> set[str]:
        return set(self.world.tokens("here")[self])


class Scene:
    """One row, one process, virtual time."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.script = Script()
        ledger = Ledger(self.loop.time)
        self.world = World(self.loop, Random(1), TIMING, self.script, Work(), ledger)
        self.row = self.world.registers["row"] = Register()
        self.here = Here(self.world)

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def claim(self, *, wanted=lambda row: True, proof_later=False):
        return await self.here.locks.claim("row", wanted, proof_later=proof_later)

    async def lease(self, **options):
        outcome = await self.claim(**options)
        assert isinstance(outcome, Won)
        return outcome.lease

    def lock_of_another(self, *, seconds_ago: float = 0.0) -> str:
        taken_at = EPOCH.timestamp() + self.loop.time() - seconds_ago
        value = LockValue(1, "elsewhere", "a1b2c3d4", EPOCH.fromtimestamp(taken_at, EPOCH.tzinfo))
        return str(value)
