"""A run pauses while a service is away: Notion, Eagle, SoundCloud, the network, the disk.

Steps that a service refuses wait, each in its place; none begins meanwhile, no row is claimed, and
held rows stay held. When the service answers again the steps are done once more. When it does not
within the run's patience, every step ends with ServiceAway, which stops the run and marks no row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Self, TypeVar

from tasks.errors import HostUnreachable, Service, ServiceAway, SyncError
from tasks.retrying import RetryPolicy, log_wait, said_time

_log = logging.getLogger("flows.session")
T = TypeVar("T")
Probe = Callable[[SyncError], Awaitable[object]]
"""Asks a service whether it is there; raises an error that `is_away` while it is not."""
PATIENCE_SECONDS = 600.0
_FIRST_LOOK = 1.0
_SLOWEST_LOOK = 15.0
_PROBE_SECONDS = 20.0
_SAID_EVERY = 60.0
_REST = 30.0
_STUMBLING = RetryPolicy(attempts=4, first=1.0)
Step = Callable[[], Awaitable[object]]
_MANY = 3
_WITHIN = 300.0


class Pauses:
    """The services a run has found away. Use `async with`; it asks them while they are."""

    def __init__(
        self,
        probes: Mapping[Service, Probe],
        *,
        patience: float = PATIENCE_SECONDS,
        rest: float = _REST,
    ) -> None:
        self._probes = probes
        self._patience = patience
        self._rest = rest
        self._alike = Alike()
        self._absences: dict[Service, _Absence] = {}
        self._asking: dict[Service, asyncio.Lock] = {service: asyncio.Lock() for service in probes}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for absence in self._absences.values():
            absence.watch.cancel()

    @property
    def text(self) -> str:
        """`Eagle does not answer; waiting, 20 s of 10 min`; empty while all are there."""
        waiting = [one for one in self._absences.values() if not one.over.done()]
        return waiting[0].text(self._patience) if waiting else ""

    async def clear(self) -> None:
        """Return once no service is away. Raises ServiceAway."""
        while self._absences:
            await asyncio.shield(next(iter(self._absences.values())).over)

    async def through(self, step: Callable[[], Awaitable[T]]) -> T:
        """What `step` returns, done again after each pause. Raises ServiceAway, and what it raises.

        A service that is there when it is asked was only stumbling: a few more attempts. Unless a
        host of it cannot be reached, track after track.
        """
        attempt = 1
        while True:
            await self.clear()
            try:
                done = await step()
            except SyncError as error:
                service = error.service
                if service is None or not error.is_away or service not in self._probes:
                    raise
                if await self._is_away(service, error) or self._fails_alike(service, step, error):
                    continue
                if attempt == _STUMBLING.attempts:
                    raise
                seconds = _STUMBLING.delay(attempt, error)
                attempt += 1
                log_wait(error, seconds, attempt, _STUMBLING.attempts)
                await asyncio.sleep(seconds)
            else:
                self._alike.forget(step)
                return done

    async def _is_away(self, service: Service, error: SyncError) -> bool:
        async with self._asking[service]:
            if service in self._absences:
                return True
            seen = await self._look(service, error)
            if seen is not None:
                self._absences[service] = _Absence(seen)
                self._absences[service].watch = asyncio.ensure_future(self._watch(service))
            return seen is not None

    def _fails_alike(self, service: Service, step: Step, error: SyncError) -> bool:
        """Whether a host of the service failed so many steps that all had better rest."""
        if not isinstance(error, HostUnreachable):
            return False
        self._alike.note(step)
        if self._alike.are_many and service not in self._absences:
            self._absences[service] = _Absence(error, self._alike.since)
            self._absences[service].watch = asyncio.ensure_future(self._let_rest(service))
        return self._alike.are_many

    async def _let_rest(self, service: Service) -> None:
        """Nothing is asked for a while, then each step once more; until patience ends."""
        absence = self._absences[service]
        _log.warning("Track after track: %s %s", absence.error, absence.text(self._patience))
        left = self._patience - absence.seconds
        await asyncio.sleep(max(0.0, min(self._rest, left)))
        if left <= self._rest:
            absence.end(service, self._patience)
            return
        del self._absences[service]
        absence.over.set_result(None)

    async def _look(self, service: Service, error: SyncError) -> SyncError | None:
        """What shows that the service is away; None if it is there, whatever it says."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await self._probes[service](error)
        except TimeoutError:
            return error
        except SyncError as found:
            return found if found.is_away else None
        return None

    async def _watch(self, service: Service) -> None:
        """Ask again until it answers or patience ends; both are said."""
        absence = self._absences[service]
        _log.warning("%s %s", absence.error, absence.text(self._patience))
        pause, said = _FIRST_LOOK, 0.0
        while (left := self._patience - absence.seconds) > 0:
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, _SLOWEST_LOOK)
            if await self._look(service, absence.error) is None:
                _log.warning(
                    "%s is there again after %s; going on.", service, said_time(absence.seconds)
                )
                del self._absences[service]
                absence.over.set_result(None)
                return
            if absence.seconds - said >= _SAID_EVERY:
                said = absence.seconds
                _log.warning("%s", absence.text(self._patience))
        absence.end(service, self._patience)


class _Absence:
    """A service that is away, since when, and the future that its return or our patience ends."""

    def __init__(self, error: SyncError, since: float | None = None) -> None:
        self.error = error
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.watch: asyncio.Future[None] = self.over
        self._since = monotonic() if since is None else since

    @property
    def seconds(self) -> float:
        return monotonic() - self._since

    def text(self, patience: float) -> str:
        service = self.error.service
        verb = "has no room, or is gone" if service is Service.DISK else "does not answer"
        return f"{service} {verb}; waiting, {said_time(self.seconds)} of {said_time(patience)}"

    def end(self, service: Service, patience: float) -> None:
        said = f"The run waited {said_time(patience)} for {service}, in vain: {self.error}"
        self.over.set_exception(ServiceAway(said, self.error))
        self.over.exception()  # it may be that nobody waits


class Alike:
    """The steps that could not reach it in the last minutes, with none of them succeeding since.

    `since` is when they became many (a time of `monotonic()`).
    """

    def __init__(self) -> None:
        self._failed: dict[Step, float] = {}
        self.since = 0.0

    @property
    def are_many(self) -> bool:
        """True if it is not about one of them."""
        return len(self._failed) >= _MANY

    def note(self, step: Step) -> None:
        """It failed."""
        now, were_many = monotonic(), self.are_many
        if not were_many:
            self._failed = {one: at for one, at in self._failed.items() if at > now - _WITHIN}
        self._failed[step] = now
        if self.are_many and not were_many:
            self.since = now

    def forget(self, step: Step) -> None:
        """It succeeded: if it had failed, the service is there for all of them."""
        if step in self._failed:
            self._failed.clear()
