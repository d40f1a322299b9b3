"""What the lock needs from the outside, injected: the rows, the time, who we are, a record."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from tasks.locks.value import LockValue

_AT_ONCE = 4


@dataclass(frozen=True)
class LockRow:
    """A row as one answer of Notion showed it. `lock` is the whole text, "" if empty;
    `last_edited` Notion's ISO text, rounded down to the minute; `page` the page object.
    """

    page_id: str
    lock: str
    in_trash: bool
    last_edited: str
    page: Mapping[str, Any]


class LockStore(Protocol):
    """The rows. `read` and `write` raise NotionError subclasses and never wait for permits."""

    async def reserve(self, requests: int) -> None:
        """Take rate-limit permits for that many requests at once; may wait."""

    async def read(self, page_id: str, *, timeout: float | None = None) -> LockRow:  # noqa: ASYNC109  (the bound is part of the protocol)
        """GET the page."""

    async def write(
        self,
        page_id: str,
        lock: str,
        properties: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  (the bound is part of the protocol)
    ) -> LockRow:
        """ONE PATCH, sent once, never repeated: the lock's text ("" clears it) and `properties`
        (Notion's JSON). The row the answer shows. A NotionError's `maybe_applied` tells whether
        the write may have landed, or may land yet.
        """


class Ticks(Protocol):
    """Time that passes."""

    def monotonic(self) -> float:
        """Seconds that never jump and go on while the machine sleeps."""

    async def sleep(self, seconds: float) -> None:
        """Return once at least `seconds` have passed on `monotonic`."""


class Clock(Ticks, Protocol):
    """Time, as one process sees it."""

    def now(self) -> datetime:
        """Notion's time, UTC, or a little less."""

    def latest(self) -> datetime:
        """Notion's time, UTC, or a little more."""

    @property
    def is_sure(self) -> bool:
        """True if two answers agree on Notion's time, and nothing speaks against it."""

    @property
    def partings(self) -> int:
        """How often this machine's two clocks have parted: it may have stood still unknowingly."""

    @property
    def is_in_doubt(self) -> bool:
        """True if they have parted, and Notion has not been asked for its time since."""


class TokenLog(Protocol):
    """The process's record of the tokens it holds (registry.py)."""

    def record(self, token: str, *, busy: float = 0.0) -> None:
        """Note a token whose claim was verified or whose renewal was answered.

        For `busy` seconds it stays live even if this process dies: something that was asked for
        in its name may come yet.
        """

    def strike(self, token: str) -> None:
        """Strike it out: from here on its release may be under way."""


def _fresh_uuid() -> str:
    return uuid4().hex[:8]


@dataclass(frozen=True)
class Owner:
    """Who claims: one process of one host, with its record of tokens.

    Its claims take `turns` at looking and writing. Twenty at once on a busy machine would all be
    late; four are more than Notion's limit of requests lets through.
    """

    pid: int
    host: str
    log: TokenLog
    fresh_uuid: Callable[[], str] = _fresh_uuid
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @classmethod
    def this_process(cls, log: TokenLog) -> Owner:
        """This process; the host's name reduced to what every text field keeps as it is."""
        return cls(os.getpid(), this_host(), log)

    def attempt(self, now: datetime) -> LockValue:
        """The value of a new attempt at `now`, to the second, with a fresh UUID."""
        taken_at = now.astimezone(UTC).replace(microsecond=0)
        return LockValue(self.pid, self.host, self.fresh_uuid(), taken_at)


def this_host() -> str:
    """The host's name as locks carry it."""
    return re.sub(r"[^A-Za-z0-9._:-]+", "-", socket.gethostname())[:100] or "unnamed"
