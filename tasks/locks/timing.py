"""The lock's times, and what follows from them (docs/lock.md, "Five durations")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from tasks.errors import ConfigurationError, LeaseLost, LockTooShort

_SHORTEST_TIMEOUT = 300.0


@dataclass(frozen=True, kw_only=True)
class LockTiming:
    """All in seconds. Must be the same on every machine, `timeout` above all.

    `write_bound` (W) is the longest a claim may take from its first read to the proof that its
    token landed, `settle` (S) the wait before it is verified, `timeout` (T) how long a lock hinders
    after its TIMESTAMP, `landing` (M) the longest a write takes to land in Notion, if it ever does,
    counted from its sending, and `sending` the longest it waits for a connection before that.
    `grace` bounds what a cancelled claim, result or release may still take.

    Raises ConfigurationError for times under which the lock would not be safe.
    """

    write_bound: float = 2.5
    settle: float = 3.0
    timeout: float = 1800.0
    landing: float = 60.0
    sending: float = 5.0
    grace: float = 15.0

    def __post_init__(self) -> None:
        self.check(_SHORTEST_TIMEOUT)

    @property
    def lifetime(self) -> timedelta:
        """T, to compare with TIMESTAMPs."""
        return timedelta(seconds=self.timeout)

    @property
    def renew_every(self) -> float:
        """T/3."""
        return self.timeout / 3

    @property
    def renew_again(self) -> float:
        """How soon a renewal that failed is tried again."""
        return self.timeout / 30

    @property
    def margin(self) -> float:
        """How long before the deadline nothing irreversible may begin any more (docs/lock.md).

        M for our own last write once it is sent, another M because a write of somebody's lost
        claim, up to M older than ours, may lie on top of our token and expire that much earlier,
        2 W for what Notion's servers may disagree by, and C for our last write's connection.
        """
        return 2 * self.landing + 2 * self.write_bound + self.sending

    def lease_needed(self, seconds: float) -> float:
        """How much of a lease must be left for a step that takes up to `seconds`.

        Nobody finds the row free before M after the lease's safe part, so M of it may come later.
        """
        return max(0.0, seconds - self.landing)

    def too_short_for(self, seconds: float) -> LeaseLost | LockTooShort:
        """Why a step of `seconds` may not begin although the row is ours."""
        longest = self.timeout - self.margin + self.landing
        said = f"Eagle may take {seconds:.0f} s to import this file, longer than the track's lock"
        if seconds < longest:
            return LeaseLost(f"{said} is sure to last now; it could not be renewed.")
        minutes = ceil((self.timeout + seconds - longest) / 60) + 1
        return LockTooShort(
            f"{said} lasts.",
            remedy=f"Set PROCESS_LOCK_TIMEOUT_MINUTES to {minutes}, the same on all machines.",
        )

    def check(self, shortest: float) -> None:
        """Raise ConfigurationError unless the times are safe, T being at least `shortest`."""
        if min(self.write_bound, self.settle, self.landing, self.sending, self.grace) <= 0:
            raise ConfigurationError("Every time of the track lock must be more than 0 seconds.")
        if self.settle <= self.write_bound:
            raise ConfigurationError(
                f"The lock's settling time ({self.settle:g} s) must be longer than the bound of "
                f"its write ({self.write_bound:g} s), or two machines could own one track."
            )
        if self.timeout < shortest:
            raise ConfigurationError(
                f"A lock time-out of {self.timeout / 60:g} minutes is too short: Notion's writes "
                "may land a minute late.",
                remedy="Set PROCESS_LOCK_TIMEOUT_MINUTES to 5 or more, the same on all machines.",
            )
        if self.timeout - self.margin <= self.renew_every:
            raise ConfigurationError(
                f"A lock of {self.timeout:g} s would be over before it is renewed."
            )
