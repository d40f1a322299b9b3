"""What a schedule is about. Flaws lie in combinations that plain chance seldom draws, so beside
schedules of anything there are some that bring certain faults and certain work together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from simulation.lock.faults import Faults, Kind, WriteFaults


@dataclass(frozen=True)
class Work:
    """How often a track takes how long: a few seconds, up to T, until just after a renewal, or
    until just before the lease ends if it is not renewed. `idle`: mean seconds between tracks;
    `cancelled`: the share of tracks that a person stops; `proven_later`: of those whose claim is
    proven when their download is done.
    """

    short: float = 1.0
    long: float = 1.0
    after_renewal: float = 1.0
    before_the_end: float = 1.0
    idle: float = 2.0
    cancelled: float = 0.1
    proven_later: float = 0.5

    def drawn(self, random: Random) -> str:
        kinds = {
            "short": self.short,
            "long": self.long,
            "after renewal": self.after_renewal,
            "before the end": self.before_the_end,
        }
        return random.choices(list(kinds), list(kinds.values()))[0]


@dataclass(frozen=True)
class Theme:
    """A schedule's M is one of `landings`, its T one of `times_landing` times M. `imports` and
    `listings` are the shares of its schedules with an Eagle, and with people and programs that
    edit rows.
    """

    name: str
    faults: Callable[[Random], Faults]
    work: Work = Work()
    landings: tuple[float, ...] = (10.0, 20.0, 60.0)
    times_landing: tuple[float, ...] = (5.0, 10.0)
    share: float = 1.0
    imports: float = 0.0
    listings: float = 0.0


def _writes(random: Random, **shares: Mapping[str, float]) -> dict[Kind, WriteFaults]:
    """For each kind of write the most of each fault; the schedule's share is drawn below it."""
    return {
        kind: WriteFaults(
            **{fault: random.uniform(0, most) for fault, most in shares.get(kind.value, {}).items()}
        )
        for kind in Kind
    }


def _anything(random: Random) -> Faults:
    def share(most: float) -> float:
        return random.choice((0.0, random.uniform(0, most)))

    return Faults(
        writes={kind: _none_few_or_many(random) for kind in Kind},
        failed_reads=share(0.1),
        permit_waits=share(0.2),
        stops=share(0.04),
        kills=share(0.15),
        wall_steps=share(0.02),
        wrong_dates=share(0.05),
        uncounted=share(1.0),
        latency=random.choice((0.05, 0.2, 0.4, 0.8)),
    )


def _none_few_or_many(random: Random) -> WriteFaults:
    most = random.choice((0.0, 0.1, 0.8))
    return WriteFaults(
        late=random.uniform(0, most),
        lost=random.uniform(0, most) / 4,
        unanswered=random.uniform(0, most),
        refused=random.uniform(0, most) / 4,
    )


def _late_claims(random: Random) -> Faults:
    claims = {"late": 0.7, "unanswered": 0.3, "refused": 0.2}
    writes = _writes(random, claim=claims, final={"unanswered": 0.3})
    return Faults(writes=writes, permit_waits=0.1, stops=random.uniform(0, 0.03))


def _late_renewals(random: Random) -> Faults:
    renewals = {"late": 1.0, "unanswered": 1.0, "lost": 0.2}
    writes = _writes(random, renewal=renewals, final={"unanswered": 1.0, "late": 0.3})
    return Faults(writes=writes, latency=random.choice((0.05, 0.2)))


def _outage(random: Random) -> Faults:
    """No renewal gets through at all, and the last writes are late."""
    writes = {
        Kind.CLAIM: WriteFaults(late=random.uniform(0.1, 0.5)),
        Kind.RENEWAL: WriteFaults(lost=1.0),
        Kind.FINAL: WriteFaults(late=0.9, earliest=0.95),
    }
    return Faults(writes=writes, latency=random.choice((0.05, 0.2)))


def _crashes(random: Random) -> Faults:
    writes = _writes(
        random,
        claim={"late": 0.4},
        renewal={"late": 0.3, "unanswered": 0.3},
        final={"late": 0.8, "unanswered": 0.3},
    )
    return Faults(writes=writes, kills=random.uniform(0, 0.3), latency=0.1)


def _wrong_clocks(random: Random) -> Faults:
    """Little else goes wrong, so that rows are held, and dates contradict what is known."""
    renewals = {"late": 0.5, "unanswered": 1.0}
    return Faults(
        writes=_writes(random, claim={"late": 0.1}, renewal=renewals, final={"unanswered": 0.2}),
        wall_steps=random.uniform(0, 0.3),
        wrong_dates=random.uniform(0, 0.1),
        latency=random.choice((0.05, 0.2)),
    )


def _stops(random: Random) -> Faults:
    """Processes are stopped, again and again, for seconds or for longer than a lease."""
    return Faults(writes=_writes(random, claim={"late": 0.1}), stops=random.uniform(0.02, 0.1))


def _pauses(random: Random) -> Faults:
    """Virtual machines are paused by their host, which no monotonic clock counts."""
    return Faults(
        writes=_writes(random, claim={"late": 0.2}, renewal={"unanswered": 0.3}),
        stops=random.uniform(0, 0.05),
        uncounted=1.0,
        latency=random.choice((0.05, 0.2)),
    )


THEMES = {
    theme.name: theme
    for theme in (
        Theme("anything", _anything, share=4.0, imports=0.3, listings=0.2),
        Theme("late-claims", _late_claims, Work(short=2.0)),
        Theme("late-renewals", _late_renewals, Work(0.1, 1.0, 3.0, 0.1), times_landing=(8.0, 12.0)),
        Theme("outage", _outage, Work(0.1, 0.0, 0.0, 1.0, idle=20.0), (60.0,), (5.0,)),
        Theme("crashes", _crashes),
        Theme("wrong-clocks", _wrong_clocks, Work(0.5, 1.0, 2.0, 0.5)),
        Theme("pauses", _pauses, Work(0.5, 1.0, 1.0, 0.5), imports=0.5),
        Theme("imports", _crashes, Work(1.0, 0.1, 0.1, 0.1, cancelled=0.5), imports=1.0),
        Theme(
            "last-imports",
            _outage,
            Work(0.1, 0.0, 0.0, 1.0, idle=20.0),
            landings=(60.0,),
            imports=1.0,
        ),
        Theme("stopped-imports", _stops, Work(1.0, 0.1, 0.1, 0.1), imports=1.0),
        Theme("listings", _late_claims, Work(1.0, 0.2, 0.2, 0.2, idle=30.0), listings=1.0),
    )
}
