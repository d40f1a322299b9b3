"""Plans by name, and plans from JSON.

`rough` is a bad day that a run should get through without losing a track: slow answers, 3-5 % of
requests failing, some writes landing late, queries seconds behind. `hostile` is several times
that, with lost imports and an over-used workspace; tracks may fail, but nothing may be doubled,
lost or left wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sandbox.faults import (
    SERVICES,
    Aimed,
    EaglePlan,
    Fault,
    FaultPlan,
    Latency,
    NotionPlan,
    SoundCloudPlan,
)

_KINDS: dict[str, type[FaultPlan]] = {
    "notion": NotionPlan,
    "eagle": EaglePlan,
    "soundcloud": SoundCloudPlan,
}

PRESETS: dict[str, dict[str, FaultPlan]] = {
    "rough": {
        "notion": NotionPlan(
            latency=Latency(median=0.15, sigma=0.7, longest=6.0),
            rates={
                Fault.OVERLOADED: 0.003,
                Fault.INTERNAL_ERROR: 0.004,
                Fault.BAD_GATEWAY: 0.005,
                Fault.UNAVAILABLE: 0.005,
                Fault.UNAVAILABLE_SAVED: 0.004,
                Fault.GATEWAY_TIMEOUT: 0.003,
                Fault.GATEWAY_TIMEOUT_SAVED: 0.002,
                Fault.CONFLICT: 0.005,
                Fault.CONFLICT_SAVED: 0.003,
                Fault.DROPPED: 0.003,
                Fault.DROPPED_SAVED: 0.003,
                Fault.LATE: 0.005,
            },
            late_hold_seconds=(0.2, 8.0),
            requests_per_window=180,
            query_lag=(0.4, 4.0),
            cursor_lifetime=60.0,
        ),
        "eagle": EaglePlan(
            latency=Latency(median=0.03, sigma=0.8, longest=3.0),
            rates={Fault.INTERNAL_ERROR: 0.01, Fault.DROPPED: 0.005, Fault.DROPPED_SAVED: 0.005},
            import_delay=(0.2, 4.0),
        ),
        "soundcloud": SoundCloudPlan(
            latency=Latency(median=0.05, sigma=0.7, longest=2.0),
            rates={Fault.UNAVAILABLE: 0.01, Fault.DROPPED: 0.01},
            format_budget=600,
        ),
    },
    "hostile": {
        "notion": NotionPlan(
            latency=Latency(median=0.4, sigma=1.0, longest=20.0),
            rates={
                Fault.OVERLOADED: 0.01,
                Fault.INTERNAL_ERROR: 0.01,
                Fault.BAD_GATEWAY: 0.02,
                Fault.UNAVAILABLE: 0.01,
                Fault.UNAVAILABLE_SAVED: 0.015,
                Fault.GATEWAY_TIMEOUT: 0.01,
                Fault.GATEWAY_TIMEOUT_SAVED: 0.01,
                Fault.CONFLICT: 0.02,
                Fault.CONFLICT_SAVED: 0.01,
                Fault.DROPPED: 0.01,
                Fault.DROPPED_SAVED: 0.015,
                Fault.LATE: 0.03,
            },
            requests_per_window=180,
            workspace_limit_after=150,
            workspace_limit_seconds=75.0,
            query_lag=(1.0, 30.0),
            cursor_lifetime=5.0,
        ),
        "eagle": EaglePlan(
            latency=Latency(median=0.1, sigma=1.0, longest=10.0),
            rates={
                Fault.INTERNAL_ERROR: 0.02,
                Fault.DROPPED: 0.02,
                Fault.DROPPED_SAVED: 0.02,
                Fault.LATE: 0.01,
            },
            late_hold_seconds=(0.2, 35.0),
            import_delay=(0.5, 15.0),
            lose_imports=0.04,
        ),
        "soundcloud": SoundCloudPlan(
            latency=Latency(median=0.15, sigma=1.0, longest=8.0),
            rates={Fault.UNAVAILABLE: 0.03, Fault.DROPPED: 0.03},
            format_budget=120,
        ),
    },
}


def plan_from(service: str, preset: str | None, changes: Mapping[str, Any]) -> FaultPlan:
    """A plan for `service`: the preset's, or an empty one, with JSON `changes` over it.

    Faults are named by their values (`dropped_saved`), spans are pairs, `latency` and the entries
    of `aimed` are objects with the fields of `Latency` and `Aimed`. Raises ValueError with a
    sentence for a person.
    """
    if service not in SERVICES:
        raise ValueError(f"There is no service {service!r}; there are {', '.join(SERVICES)}.")
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"There is no preset {preset!r}; there are {', '.join(PRESETS)}.")
    kind = _KINDS[service]
    base = PRESETS[preset][service] if preset else kind()
    known = {entry.name for entry in dataclasses.fields(kind)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(f"{service} has no {', '.join(unknown)}; it has {', '.join(known)}.")
    try:
        return dataclasses.replace(
            base, **{name: _value(name, value) for name, value in changes.items()}
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"The plan does not fit: {error}.") from error


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "latency":
        return Latency(**value)
    if name == "rates":
        return {Fault(fault): float(rate) for fault, rate in value.items()}
    if name == "aimed":
        return tuple(Aimed(**{**entry, "fault": Fault(entry["fault"])}) for entry in value)
    if name in {"late_seconds", "late_hold_seconds", "retry_after_seconds"} | _SPANS:
        return _span(value)
    return value


_SPANS = {"query_lag", "import_delay"}


def _span(value: Any) -> tuple[float, float]:
    if isinstance(value, int | float):
        return float(value), float(value)
    low, high = value
    return float(low), float(high)
