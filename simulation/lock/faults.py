"""What goes wrong in a schedule, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from tasks.errors import NotionConflict, NotionError, NotionRateLimited, NotionUnavailable


class Kind(Enum):
    """What a write is for. Each kind has its own share of faults: flaws lie in combinations."""

    CLAIM = "claim"
    RENEWAL = "renewal"
    FINAL = "final"


@dataclass(frozen=True)
class Fate:
    """Of one write: when it lands (None: never), and after how many seconds which error is its
    answer (None: it is answered once it has landed; `error_after` None: nobody answers).
    """

    lands: float | None
    error: NotionError | None = None
    error_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class WriteFaults:
    """Shares of the writes of one kind. Late ones land between `earliest` of M and M."""

    late: float = 0.0
    earliest: float = 0.0
    lost: float = 0.0
    unanswered: float = 0.0
    refused: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Of writes by kind, and shares of: reads that fail, permits waited for, wake-ups and sends at
    which the process is stopped (SIGSTOP), writes soon after which it is killed; wake-ups at which
    the wall clock is set, answers whose date is wrong, by `wrong_dates_by` s at most, and stops
    that the monotonic clock does not count. `latency` is one way, in seconds.
    """

    writes: Mapping[Kind, WriteFaults] = field(
        default_factory=lambda: dict.fromkeys(Kind, WriteFaults())
    )
    failed_reads: float = 0.0
    permit_waits: float = 0.0
    stops: float = 0.0
    stops_before_sending: float = 0.0
    kills: float = 0.0
    wall_steps: float = 0.0
    wrong_dates: float = 0.0
    wrong_dates_by: float = 3600.0
    uncounted: float = 0.0
    latency: float = 0.2

    def one_way(self, random: Random) -> float:
        """Seconds a message takes: mostly short, with a tail."""
        return self.latency * random.lognormvariate(0, 0.7)

    def fate(self, random: Random, kind: Kind, *, latest: float) -> Fate:
        """What becomes of a write; it lands within `latest` seconds of being sent, or never."""
        shares, there = self.writes[kind], min(self.one_way(random), latest)
        if random.random() < shares.refused:
            retry_after = random.choice((None, 1.0, 5.0))
            refused = NotionRateLimited("429", retry_after=retry_after)
            return Fate(None, refused, there + self.one_way(random))
        if random.random() < shares.late:
            there = random.uniform(max(there, shares.earliest * latest), latest)
        lands = None if random.random() < shares.lost else there
        if lands is not None and random.random() >= shares.unanswered:
            return Fate(lands)
        return Fate(lands, _unclear(random), self._error_after(random))

    def _error_after(self, random: Random) -> float | None:
        """Seconds to a 5xx, a 409 or a dropped connection; None: silence until the time-out."""
        return self.one_way(random) * 2 if random.random() < 0.5 else None


CALM = Faults(latency=0.05)


def _unclear(random: Random) -> NotionError:
    kind = random.choice((NotionUnavailable, NotionConflict))
    return kind("no clear answer", maybe_applied=True)
