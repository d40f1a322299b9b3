"""How many tracks an hour: what each part of a sync can do at most, and which part binds.

    python -m bench.model [--tracks 1000000 --machines 100 --workers 4 …]

Pure arithmetic, checked against real runs by `bench.workers`. A part that serves every track
bounds the rate by (how many it serves at once) / (how long it takes one); what serves only so many
requests a minute bounds it by that number / (requests a track). The smallest bound is the rate.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from flows.session.gates import in_work

_HOUR = 3600.0
_NOTION = "Notion's limit"
_SOUNDCLOUD = "SoundCloud's limit"
_EAGLE = "Eagle's imports"
_CORES = "the machines' cores"
_SHARED = {_EAGLE, _CORES}


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What one track takes: requests, and seconds.

    `claim_seconds` is three requests to Notion and the settling of 3 s; `fetch_seconds` the
    download and the conversion alone on a core; `deliver_seconds` Eagle's two imports and the last
    PATCH; `eagle_seconds` how long Eagle itself is busy, one file after another; `cpu_seconds` the
    CPU of a track on the machine, Prefect and stand-ins included; `start_seconds` the CPU of a
    process before its first track: Prefect, its client and its server.
    """

    notion_requests: float = 4.02
    format_requests: float = 1.0
    claim_seconds: float = 4.2
    fetch_seconds: float = 3.0
    deliver_seconds: float = 1.5
    eagle_seconds: float = 0.2
    cpu_seconds: float = 0.6
    start_seconds: float = 6.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Notion's requests a minute for one integration, fourteen fifteenths of which a run spends;
    SoundCloud's format requests in ten minutes for one address; cores of a machine.
    """

    notion_a_minute: float = 180.0
    formats_in_ten_minutes: float = 550.0
    cores: int = 8


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who works: machines with a library and an internet address of their own each, processes on
    each, workers in each; integrations of Notion that they share evenly.
    """

    machines: int = 1
    processes: int = 1
    workers: int = 4
    integrations: int = 1
    claims_ahead: int = 8


@dataclass(frozen=True)
class Bound:
    """What a part lets through at most, in tracks an hour, all machines together."""

    part: str
    an_hour: float


def bounds(costs: Costs, limits: Limits, plan: Plan) -> list[Bound]:
    """Every part's bound, the binding one first."""
    processes = plan.machines * plan.processes
    spent = limits.notion_a_minute - limits.notion_a_minute // 15
    in_flight = plan.workers + plan.claims_ahead
    cycle = costs.claim_seconds + costs.fetch_seconds + costs.deliver_seconds
    found = [
        Bound(_NOTION, plan.integrations * spent * 60 / costs.notion_requests),
        Bound(
            _SOUNDCLOUD,
            plan.machines * limits.formats_in_ten_minutes * 6 / costs.format_requests,
        ),
        Bound(_EAGLE, plan.machines * _HOUR / costs.eagle_seconds),
        Bound(_CORES, plan.machines * limits.cores * _HOUR / costs.cpu_seconds),
        Bound("workers: downloads", processes * plan.workers * _HOUR / costs.fetch_seconds),
        Bound(
            "workers: tracks in work",
            processes
            * in_work(plan.workers, limits.notion_a_minute)
            * _HOUR
            / (costs.fetch_seconds + costs.deliver_seconds),
        ),
        Bound("claims that settle", processes * in_flight * _HOUR / cycle),
    ]
    return sorted(found, key=lambda bound: bound.an_hour)


def seconds_for(tracks: int, costs: Costs, limits: Limits, plan: Plan) -> float:
    """Seconds until the last of `tracks` is done, from the first claim on.

    The first claim has to settle while the processes of a machine start on its cores, and the last
    track to be delivered. Budgets may be spent at once: a minute of Notion's, ten of SoundCloud's;
    then the next begins.
    """
    return max(_parts(tracks, costs, limits, plan).values())


def binding(tracks: int, costs: Costs, limits: Limits, plan: Plan) -> str:
    """The part that a run of `tracks` waits for."""
    parts = _parts(tracks, costs, limits, plan)
    return max(parts, key=lambda part: parts[part])


def _parts(tracks: int, costs: Costs, limits: Limits, plan: Plan) -> dict[str, float]:
    started = plan.processes * costs.start_seconds / limits.cores
    ends = max(costs.claim_seconds, started) + costs.fetch_seconds + costs.deliver_seconds
    rest = max(0, tracks - plan.machines * plan.processes * plan.workers)
    windows = {_NOTION: 60.0, _SOUNDCLOUD: 600.0}
    seconds = {}
    for bound in bounds(costs, limits, plan):
        window = windows.get(bound.part)
        if bound.part in _SHARED:
            seconds[bound.part] = ends + (tracks - 1) * _HOUR / bound.an_hour
        elif window is None:
            seconds[bound.part] = ends + rest * _HOUR / bound.an_hour
        else:
            a_window = max(1.0, bound.an_hour * window / _HOUR)
            seconds[bound.part] = window * int((tracks - 1) / a_window) + costs.deliver_seconds
    return seconds


def main() -> None:
    """Print the bounds for a plan, and how long so many tracks take."""
    options = _options()
    plan = Plan(
        machines=options.machines,
        processes=options.processes,
        workers=options.workers,
        integrations=options.integrations,
    )
    limits = Limits(notion_a_minute=options.notion, cores=options.cores)
    costs = replace(Costs(), fetch_seconds=options.fetch)
    for bound in bounds(costs, limits, plan):
        days = options.tracks / bound.an_hour / 24
        print(f"{bound.part:24} {bound.an_hour:12,.0f} tracks an hour {days:10.1f} days")


def _options() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m bench.model", description=__doc__)
    made.add_argument("--tracks", type=int, default=1_000_000)
    made.add_argument("--machines", type=int, default=100)
    made.add_argument("--processes", type=int, default=1)
    made.add_argument("--workers", type=int, default=4)
    made.add_argument("--integrations", type=int, default=1)
    made.add_argument("--notion", type=float, default=180.0, help="requests a minute")
    made.add_argument("--cores", type=int, default=8)
    made.add_argument("--fetch", type=float, default=10.0, help="seconds a download takes")
    return made.parse_args()


if __name__ == "__main__":
    main()
