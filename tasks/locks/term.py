"""What is known of a lease without asking anybody: whose token counts, until when, in which state.

OPEN ──last write sent──▶ CLOSING ──answered──▶ CLOSED
  │                          └──certainly not applied──▶ OPEN
  └──not renewed in time, or the claim is lost──▶ LOST: nothing is written any more
"""

from __future__ import annotations

from enum import Enum

from tasks.errors import LeaseLost, LockError
from tasks.locks.ports import Clock, TokenLog
from tasks.locks.timing import LockTiming
from tasks.locks.value import LockValue


class State(Enum):
    """Where a lease stands."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    LOST = "lost"


class Term:
    """The time of one lease, and the record of its token."""

    def __init__(
        self,
        page_id: str,
        clock: Clock,
        timing: LockTiming,
        tokens: TokenLog,
        value: LockValue,
        sent: float,
    ) -> None:
        self.page_id = page_id
        self.value = value
        self.state = State.OPEN
        self.why_lost: LockError | None = None
        self._clock, self._timing, self._tokens = clock, timing, tokens
        self._newest = value
        self._sent = sent
        self._step_ends: float | None = None
        self.record()

    @property
    def token(self) -> str:
        """The last token Notion acknowledged: the claim's, or a renewal's."""
        return str(self.value)

    @property
    def is_open(self) -> bool:
        """True while the last write was not sent and the row not lost."""
        return self.state is State.OPEN

    @property
    def left(self) -> float:
        """Seconds in which an irreversible step may still begin; 0 or less if none may.

        Counted by two clocks: from before the request that set the TIMESTAMP, and from the
        TIMESTAMP as Notion's time shows by now.
        """
        if not self.is_open:
            return 0.0
        old = (self._clock.latest() - self.value.taken_at).total_seconds()
        old = max(old, self._clock.monotonic() - self._sent)
        return self._timing.timeout - self._timing.margin - old

    @property
    def is_safe(self) -> bool:
        """True if an irreversible step may begin now. It may take up to M."""
        return self.left > 0

    def require_safe(self) -> None:
        """Raise why the lease is lost, unless it is safe as far as this machine's clocks know:
        LeaseLost, or ClaimLost if the row never was ours.
        """
        if not self.is_safe:
            self.lose()
            raise self.why_lost or self._not_renewed()

    def lose(self, why: LockError | None = None) -> None:
        """From here on nothing is written, because of `why`, or of the time."""
        if self.is_open:
            self.state, self.why_lost = State.LOST, why or self._not_renewed()

    def renewed(self) -> LockValue:
        """The value of the next renewal: no two of a lease are the same text."""
        self._newest = self._newest.renewed(self._clock.now())
        return self._newest

    def acknowledge(self, value: LockValue, sent: float) -> None:
        """A renewal was answered in time: its token counts from here on."""
        before = self.token
        self.value, self._sent = value, sent
        self.record()
        self._tokens.strike(before)

    def close(self) -> None:
        """The last write is about to be sent. Should we die now it may land yet, so the token is
        no longer on record: nobody may take our lock for a dead one.
        """
        self.state = State.CLOSING
        self._tokens.strike(self.token)

    def closed(self) -> None:
        """The last write was answered, or seen."""
        self.state = State.CLOSED

    def reopen(self) -> None:
        """The last write certainly did not land, so the row is still ours."""
        self.state = State.OPEN
        self.record()

    def strike(self, why: LockError) -> None:
        """The claim is lost: its token is nobody's."""
        self.lose(why)
        self._tokens.strike(self.token)

    def record(self) -> None:
        """Keep the token on record, as busy as the step under way."""
        self._tokens.record(self.token, busy=self.step_left)

    def step_begins(self, seconds: float) -> None:
        """A step begins whose effect is seen, or will never come, within `seconds`."""
        self._step_ends = self._clock.monotonic() + seconds
        self._tokens.record(self.token, busy=seconds)

    def step_is_over(self) -> None:
        """Its effect was seen, or will certainly not come."""
        if self._step_ends is not None:
            self._step_ends = None
            self.record()

    @property
    def step_left(self) -> float:
        """Seconds until whatever was asked for has come or never will."""
        ends = self._step_ends
        return 0.0 if ends is None else max(0.0, ends - self._clock.monotonic())

    def _not_renewed(self) -> LeaseLost:
        return LeaseLost(
            f"The lock on row {self.page_id} could not be renewed in time; the work on it was "
            "stopped.",
            remedy="The next run takes the row again once its lock has expired.",
        )
