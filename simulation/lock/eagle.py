"""The shared Eagle as one process asks it, through the real tasks/eagle/imports.py."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.lock.process import Process
from simulation.lock.shared_eagle import SharedEagle
from tasks.eagle.imports import Imports, Key
from tasks.eagle.index import EagleIndex
from tasks.eagle.records import EagleItem
from tasks.errors import EagleRefused, EagleUnavailable
from tasks.locks.lease import Lease

_LATENCY = 0.05
_REFUSED, _UNANSWERED = 0.1, 0.1


@dataclass
class EagleView:
    """The library as one process asks it."""

    process: Process
    eagle: SharedEagle

    async def items_at(self, url: str) -> list[EagleItem]:
        await self.process.sleep(_LATENCY)
        return [item for item in self.eagle.items if item.url == url]

    async def recent_items(self, count: int) -> list[EagleItem]:
        await self.process.sleep(_LATENCY)
        return self.eagle.items[-count:]

    async def item(self, item_id: str) -> EagleItem | None:
        await self.process.sleep(_LATENCY)
        return next((item for item in self.eagle.items if item.id == item_id), None)

    async def ask(self, key: Key, lease: Lease) -> str:
        """An import; its request may be answered by a 500, or not at all."""
        world = self.process.world
        world.ledger.step(self.process, lease)
        chance = world.random.random()
        self.process.may_be_killed()
        if chance < _REFUSED:
            await self.process.sleep(_LATENCY)
            raise EagleRefused("500")
        item_id = self.eagle.take(key)
        await self.process.sleep(_LATENCY)
        if chance < _REFUSED + _UNANSWERED:
            raise EagleUnavailable("the answer was lost", maybe_applied=True)
        return item_id


@dataclass
class HostNotes:
    """pending.py without the disk: what the processes of one host asked for and did not see."""

    process: Process
    noted: dict[tuple[int, Key], float]

    def remaining(self, key: Key) -> float | None:
        now = self.process.world.loop.time()
        ends = (end for (_, of), end in self.noted.items() if of == key)
        return max((end - now for end in ends), default=None)

    def note(self, key: Key, seconds: float) -> None:
        self.noted[self.process.pid, key] = self.process.world.loop.time() + seconds

    def strike(self, key: Key) -> None:
        self.noted.pop((self.process.pid, key), None)


def loaded(process: Process, eagle: SharedEagle) -> Imports:
    """The imports of one process, which has read the library when it began."""
    notes = HostNotes(process, process.world.notes(process.host))
    imports = Imports(EagleView(process, eagle), str, notes, eagle.patience, process)
    imports.index = EagleIndex.of(eagle.items, str)
    return imports


async def _is_any(_: EagleItem) -> bool:
    return True


async def bring_in(process: Process, eagle: SharedEagle, lease: Lease, recording: str) -> None:
    """The item of a recording: there already, or imported, as EagleLibrary does it."""
    key = (recording, "wav")
    imports = loaded(process, eagle) if process.imports is None else process.imports
    process.imports = imports
    if await imports.there_already(key, recording, _is_any) is None:
        view = EagleView(process, eagle)
        await imports.ask_for(lambda: view.ask(key, lease), key, 0, recording, lease)
