"""An import that happens exactly once, although Eagle answers it before it has happened.

What may have been asked for already, by whomever, is looked for before it is asked for again; an
item counts once it has appeared; and from the asking until then the track's row stays locked,
because another machine with the same Eagle would not find it yet (docs/lock.md).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from tasks.eagle.addresses import KeyOf
from tasks.eagle.index import EagleIndex
from tasks.eagle.records import EagleItem
from tasks.errors import EagleImportLost, EagleRefused, EagleUnavailable, FileError
from tasks.locks.ports import Ticks
from tasks.locks.shielded import see_through
from tasks.locks.track_locks import HeldRow

_log = logging.getLogger("tasks.eagle.imports")

_RECENT = 50
# Seconds for which a cancelled import is still waited for: most items appear in a few.
_GRACE = 10.0

Key = tuple[str, str]
Ask = Callable[[], Awaitable[str]]
Fits = Callable[[EagleItem], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an import may take to appear: seconds, and bytes a second on top for large files."""

    seconds: float = 60.0
    bytes_per_second: float = 4e6
    first_look: float = 0.2
    slowest_look: float = 2.0

    def budget(self, size: int) -> float:
        """Seconds to wait for a file of `size` bytes."""
        return self.seconds + size / self.bytes_per_second


class Looks(Protocol):
    """What an import asks of Eagle."""

    async def items_at(self, url: str) -> list[EagleItem]:
        """Items whose address contains `url`."""

    async def recent_items(self, count: int) -> list[EagleItem]:
        """The items added last."""

    async def item(self, item_id: str) -> EagleItem | None:
        """The item, None while Eagle does not show it."""


class Notes(Protocol):
    """Imports asked for and not seen yet (pending.py)."""

    def remaining(self, key: Key) -> float | None:
        """Seconds that an import may still take; None if none was asked for, or it was seen."""

    def note(self, key: Key, seconds: float) -> None:
        """It is being asked for, and may take so long. Raises FileError if that cannot be written
        down.
        """

    def strike(self, key: Key) -> None:
        """It was seen, or refused."""


class Imports:
    """Imports into one library, whose items `index` holds. A key is (address, extension)."""

    def __init__(
        self, eagle: Looks, key_of: KeyOf, notes: Notes, patience: Patience, ticks: Ticks
    ) -> None:
        self.index = EagleIndex(key_of)
        self.patience = patience
        self._eagle, self._key_of, self._notes, self._ticks = eagle, key_of, notes, ticks

    async def there_already(self, key: Key, website: str, fits: Fits) -> EagleItem | None:
        """What the index knows, what Eagle knows now, what it was asked for, in this order; of
        these what `fits`: a preview has the recording's address as well.
        """
        if not key[0]:
            return None
        if (found := await self._known(key, fits)) is not None:
            return found
        await self.learn(website)
        if (found := await self._known(key, fits)) is not None:
            return found
        asked = await self.asked_before(key)
        return asked if asked is not None and await fits(asked) else None

    async def learn(self, website: str) -> None:
        """Bring the index up to date on the items of one address."""
        key = self._key_of(website)
        for item in await self._eagle.items_at(key if key in website else website):
            if self.index.get(item.id) is None:
                self.index.add(item)

    async def asked_before(self, key: Key) -> EagleItem | None:
        """The item of an import whose answer or asker was lost; waits as long as it may take."""
        remaining = self._notes.remaining(key)
        if remaining is None:
            return None
        until = self._ticks.monotonic() + remaining
        return await self._poll(lambda: self._newest_of(key), until)

    async def ask_for(self, ask: Ask, key: Key, size: int, name: str, lock: HeldRow) -> EagleItem:
        """The item, asked for and seen. `lock` is asked right before each asking.

        If the caller is cancelled, the item is waited for a little longer, so that the row can be
        freed. Raises EagleUnavailable, EagleRefused, EagleImportLost, LeaseLost.
        """
        seconds = self.patience.budget(size)

        async def locked_ask() -> str:
            await lock.begin(seconds)
            try:
                self._notes.note(key, seconds)
            except FileError:
                lock.over()
                raise
            return await ask()

        item = await see_through(self._ticks, _GRACE, self._asked(locked_ask, key, seconds, lock))
        if item is None:
            raise EagleImportLost(f"Eagle took {name} for import, but no item of it appeared.")
        self.index.add(item)
        return item

    async def _asked(self, ask: Ask, key: Key, seconds: float, lock: HeldRow) -> EagleItem | None:
        """The item once it appears; None if it does not in its time."""
        until = self._ticks.monotonic() + seconds
        try:
            item_id = await self._ask_twice(ask, key)
        except EagleRefused:
            self._is_over(key, lock)
            raise
        except EagleUnavailable as error:
            item = await self._seen_all_the_same(key, until) if error.maybe_applied else None
            if item is None and error.maybe_applied:
                raise
            self._is_over(key, lock)
            if item is None:
                raise
            return item
        await self._ticks.sleep(self.patience.first_look)  # Eagle answers before it begins
        look = (lambda: self._eagle.item(item_id)) if item_id else (lambda: self._newest_of(key))
        item = await self._poll(look, until)
        if item is not None:
            self._is_over(key, lock)
        return item

    def _is_over(self, key: Key, lock: HeldRow) -> None:
        self._notes.strike(key)
        lock.over()

    async def _ask_twice(self, ask: Ask, key: Key) -> str:
        """The id of an import. Eagle says 500 to what cannot be and to what merely failed
        (docs/facts/eagle.md), so it is asked once more, unless the item has appeared all the same.
        """
        try:
            return await ask()
        except EagleRefused as error:
            _log.debug("Asking again: %s", error)
        await self._ticks.sleep(self.patience.slowest_look / 2)
        came = await self._newest_of(key)
        return came.id if came is not None else await ask()

    async def _seen_all_the_same(self, key: Key, until: float) -> EagleItem | None:
        """The item of an import whose answer was lost; Eagle itself may be gone for a while."""

        async def look() -> EagleItem | None:
            try:
                return await self._newest_of(key)
            except EagleUnavailable:
                return None

        return await self._poll(look, until)

    async def _known(self, key: Key, fits: Fits) -> EagleItem | None:
        for item in self.index.find(url_key=key[0], ext=key[1]):
            if await fits(item):
                return item
        return None

    async def _newest_of(self, key: Key) -> EagleItem | None:
        for item in await self._eagle.recent_items(_RECENT):
            is_new = self.index.get(item.id) is None
            if is_new and item.ext == key[1] and item.url and self._key_of(item.url) == key[0]:
                return item
        return None

    async def _poll(
        self, look: Callable[[], Awaitable[EagleItem | None]], until: float
    ) -> EagleItem | None:
        """What `look` finds, asked again at growing intervals; at least once."""
        pause = self.patience.first_look
        while True:
            item = await look()
            if item is not None or self._ticks.monotonic() >= until:
                return item
            await self._ticks.sleep(pause)
            pause = min(pause * 1.5, self.patience.slowest_look)
