"""What may go wrong in the stand-ins, as plans that do nothing by themselves.

A plan says how often which fault happens to one service; `injector` decides by it, request by
request, and `fault_layer` carries the decisions out.

They are what the real services are known for: docs/facts/notion.md, "Requests and errors" and
"Queries lag behind writes"; docs/facts/eagle.md, "Imports". A write lands at most once, up to 60 s
after it was sent.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SERVICES = ("notion", "eagle", "soundcloud")

Span = tuple[float, float]


class Fault(StrEnum):
    """What happens to one request; the value is the name in the ledger."""

    RATE_LIMITED = "rate_limited"
    WORKSPACE_LIMITED = "workspace_limited"
    OVERLOADED = "overloaded"
    INTERNAL_ERROR = "internal_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    UNAVAILABLE_SAVED = "unavailable_saved"
    GATEWAY_TIMEOUT = "gateway_timeout"
    GATEWAY_TIMEOUT_SAVED = "gateway_timeout_saved"
    CONFLICT = "conflict"
    CONFLICT_SAVED = "conflict_saved"
    DROPPED = "dropped"
    DROPPED_SAVED = "dropped_saved"
    LATE = "late"
    STOPPED = "stopped"

    @property
    def commits(self) -> bool:
        """True if the request takes effect at once although the answer says otherwise."""
        return self in _COMMITTING

    @property
    def writes_only(self) -> bool:
        """True if it can only happen to a request that changes something."""
        return self in _WRITES_ONLY


_COMMITTING = frozenset(
    {
        Fault.UNAVAILABLE_SAVED,
        Fault.GATEWAY_TIMEOUT_SAVED,
        Fault.CONFLICT_SAVED,
        Fault.DROPPED_SAVED,
    }
)
_WRITES_ONLY = _COMMITTING | {Fault.CONFLICT, Fault.LATE}


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long an answer takes, in seconds.

    With a `median` the times are log-normal (`sigma` is that of the logarithm), else uniform; both
    stay within `shortest` and `longest`.
    """

    median: float | None = None
    sigma: float = 0.5
    shortest: float = 0.0
    longest: float = 30.0

    def draw(self, dice: random.Random) -> float:
        """One time."""
        if self.median is None:
            return dice.uniform(self.shortest, self.longest)
        drawn = self.median * math.exp(dice.gauss(0.0, self.sigma))
        return min(max(drawn, self.shortest), self.longest)


@dataclass(frozen=True, kw_only=True)
class Aimed:
    """A fault for particular requests: the next `times` that match, after `skip` others.

    `method` is compared as a whole, `path` and `body` are looked for as parts. `after` is the
    seconds until a `late` write lands (else drawn from the plan).
    """

    fault: Fault
    method: str = ""
    path: str = ""
    body: str = ""
    skip: int = 0
    times: int = 1
    after: float | None = None

    def fits(self, asked: Asked) -> bool:
        """True if the request is one of those meant."""
        return (
            self.method in ("", asked.method)
            and self.path in asked.path
            and self.body in asked.body
            and (asked.is_write or not self.fault.writes_only)
        )


@dataclass(frozen=True, kw_only=True)
class FaultPlan:
    """What every service has: `rates` are chances per request (0-1), by fault.

    `late_seconds`: when a late write lands, counted from its arrival. `late_hold_seconds`: how
    long its connection stays open without an answer before it is dropped.
    """

    latency: Latency | None = None
    rates: Mapping[Fault, float] = field(default_factory=dict)
    aimed: tuple[Aimed, ...] = ()
    late_seconds: Span = (2.0, 40.0)
    late_hold_seconds: Span = (0.0, 60.0)
    retry_after_seconds: Span = (1.0, 5.0)

    def __post_init__(self) -> None:
        wrong = [name for name, rate in self.rates.items() if not 0 <= rate <= 1]
        if wrong or sum(self.rates.values()) > 1:
            raise ValueError("The rates must lie between 0 and 1, and their sum too.")


@dataclass(frozen=True, kw_only=True)
class NotionPlan(FaultPlan):
    """Notion's own: budget per fixed window and per token, workspace limit, query lag, cursors.

    `requests_per_window` (180 in the real one) holds for each bearer token and `window_seconds`.
    The workspace limit begins after `workspace_limit_after` requests and lasts
    `workspace_limit_seconds`, for everybody. `query_lag` and `cursor_lifetime` are in seconds and
    go through to the store.
    """

    requests_per_window: int | None = None
    window_seconds: float = 60.0
    workspace_limit_after: int | None = None
    workspace_limit_seconds: float = 90.0
    query_lag: Span | None = None
    cursor_lifetime: float | None = None


@dataclass(frozen=True, kw_only=True)
class EaglePlan(FaultPlan):
    """Eagle's own: slow and lost imports, and the user who opens another library.

    `import_delay` in seconds; `lose_imports` is the chance that an import never appears; before
    request number `switch_after` the library becomes `switch_to` (a path, or a name beside the
    open library).
    """

    import_delay: Span | None = None
    lose_imports: float | None = None
    switch_after: int | None = None
    switch_to: str = ""


@dataclass(frozen=True, kw_only=True)
class SoundCloudPlan(FaultPlan):
    """SoundCloud's own: `format_budget` format addresses are given out, then 429.

    With `hides_client_id` its scripts name no client id any more, and the one they named before is
    refused: what SoundCloud does now and then, until extractors learn its new pages.
    """

    format_budget: int | None = None
    hides_client_id: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The parts of a request that a decision looks at."""

    method: str
    path: str
    body: str = ""
    is_write: bool = False
    caller: str = ""
