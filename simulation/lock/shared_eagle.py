"""One Eagle that all hosts share.

It answers an import before it has happened, takes up to what it is given, and loses some. Two items
of one recording are two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from simulation.lock.ledger import Ledger
from simulation.lock.loop import VirtualLoop
from tasks.eagle.imports import Key, Patience
from tasks.eagle.records import EagleItem

_SENDING = 0.1
_NEVER = 0.03


@dataclass
class SharedEagle:
    """The library. An import takes `longest` seconds at most; what takes longer never comes."""

    loop: VirtualLoop
    random: Random
    ledger: Ledger
    longest: float
    items: list[EagleItem] = field(default_factory=list)
    _taken: int = 0

    @property
    def patience(self) -> Patience:
        return Patience(seconds=self.longest, first_look=1.0, slowest_look=10.0)

    def take(self, key: Key) -> str:
        """The id that the item will have once it is there."""
        self._taken += 1
        item_id = f"item-{self._taken}"
        if self.random.random() >= _NEVER:
            quick = self.random.random() < 0.5
            seconds = self.random.uniform(0.1, min(4.0, self.longest) if quick else self.longest)
            self.loop.call_later(seconds - _SENDING, self._appear, item_id, key)
        return item_id

    def _appear(self, item_id: str, key: Key) -> None:
        name, ext = key
        twins = [item for item in self.items if (item.url, item.ext) == key]
        self.items.append(EagleItem(id=item_id, name=name, ext=ext, url=name))
        self.ledger.imported(name, is_double=bool(twins))
