"""Throughput by workers and by processes, which limit binds where, and what the model foretold.

    python -m bench.workers [--tracks 16] [--seconds 60] [--limited 60]

Every run meets fresh stand-ins with realistic latencies, and finds Prefect's database there, as on
a machine in use. Two runs with one worker tell what a track costs and what a start costs
(bench.model.Costs): what the longer takes more is its further tracks'. The others are foretold from
them and then measured, from the first claim to the last track's end.

Where as many claims are in flight as there are rows, each row is asked for by several processes,
which long lists do not see (docs/lock.md); the model does not foretell how often. So a run of
several processes has eight rows for each, and is foretold with the requests and the CPU a track
that it took itself. The last run has Notion's 180 requests a minute enforced. One process under
that limit is in `bench.end_to_end`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.measuring import Report, clean_environment, parser, scratch, sync, table
from bench.model import Costs, Limits, Plan, binding, bounds, seconds_for
from bench.standins import NOTION_SECONDS, Contents, stand_ins

_NOTION = 180
_NO_LIMIT = 100_000
_SETTLES = 3.0
_WITHIN = 0.35
_ROWS_A_PROCESS = 8
_LAST_HEADS = ["binds, says the model", "Notion requests a track", "429s"]


@dataclass(frozen=True)
class _Measured:
    """One run: seconds from the first claim to the last PATCH, the costs of its tracks, and the CPU
    seconds that all of it took.
    """

    seconds: float
    costs: Costs
    refused: int
    cpu: float


def main() -> None:
    """Measure, foretell, compare."""
    options = _options()
    report = Report("Workers and processes", "python -m bench.workers")
    with scratch() as home:
        _tell_runs(report, options, _home_in_use(home))
    report.write(options.json)


def _tell_runs(report: Report, options: argparse.Namespace, home: Path) -> None:
    """Each run beside what was foretold of it."""
    few = max(1, options.tracks // 4)
    alone = _run(1, 1, options.tracks, options, home)
    costs = _gauged(alone, options.tracks, _run(1, 1, few, options, home), few)
    rows, errors = [], []
    for processes, workers in ((1, 1), (1, 2), (1, 4), (1, 8), (2, 4), (4, 4)):
        one = (processes, workers) == (1, 1)
        tracks = options.tracks if processes == 1 else _ROWS_A_PROCESS * processes
        found = alone if one else _run(processes, workers, tracks, options, home)
        its = costs if processes == 1 else _of_several(costs, found, processes, tracks)
        cells, error = _compared(processes, workers, tracks, found, its, _NO_LIMIT)
        rows.append(cells)
        errors += [] if one else [error]
    found = _run(4, 4, options.limited, options, home, per_minute=_NOTION)
    its = _of_several(costs, found, 4, options.limited)
    cells, error = _compared(4, 4, options.limited, found, its, _NOTION)
    rows.append(cells)
    errors.append(error)
    _tell(report, options, costs, rows, errors)


def _home_in_use(folder: Path) -> Path:
    """A PREFECT_HOME whose database a dry run has made."""
    with stand_ins(folder, Contents(unheard=1)) as services:
        sync(clean_environment(folder, services.environment), "--quiet", "--dry-run")
    return folder / "prefect"


def _gauged(many: _Measured, tracks: int, few: _Measured, of_few: int) -> Costs:
    """The costs, with a start's CPU told apart from that of the tracks."""
    each = max(0.0, many.cpu - few.cpu) / max(1, tracks - of_few)
    start = max(0.0, few.cpu - of_few * each)
    return replace(many.costs, cpu_seconds=each, start_seconds=start)


def _options() -> argparse.Namespace:
    made = parser("workers", __doc__)
    made.add_argument("--tracks", type=int, default=16)
    made.add_argument("--seconds", type=float, default=60.0)
    made.add_argument("--limited", type=int, default=60, help="tracks under Notion's limit")
    return made.parse_args()


def _of_several(costs: Costs, found: _Measured, processes: int, tracks: int) -> Costs:
    """The costs with what a track took, rows that were asked for in vain included."""
    cpu = max(costs.cpu_seconds, (found.cpu - processes * costs.start_seconds) / tracks)
    return replace(costs, cpu_seconds=cpu, notion_requests=found.costs.notion_requests)


def _run(
    processes: int,
    workers: int,
    tracks: int,
    options: argparse.Namespace,
    home: Path,
    *,
    per_minute: int = _NO_LIMIT,
) -> _Measured:
    contents = Contents(tracks=tracks, seconds=options.seconds)
    with scratch() as folder, stand_ins(folder, contents) as services:
        services.use_latencies(requests_per_minute=per_minute if per_minute == _NOTION else None)

        def one(number: int) -> float:
            shutil.copytree(home, folder / str(number) / "prefect")
            environment = clean_environment(
                folder / str(number),
                services.environment,
                NOTION_REQUESTS_PER_MINUTE=str(per_minute),
            )
            used, _ = sync(environment, "--quiet", "--workers", str(workers), codes=(0, 2))
            return used.cpu

        before = services.cpu_seconds()
        with ThreadPoolExecutor(processes) as pool:
            cpu = sum(pool.map(one, range(processes))) + services.cpu_seconds() - before
        return _read(services.entries(), tracks, cpu)


def _read(entries: list[dict[str, Any]], tracks: int, cpu: float) -> _Measured:
    """What the ledger says of a run; the stages' times are those of a run with one worker."""
    asked = [entry for entry in entries if entry["event"] == "request"]
    pages = [e for e in asked if e["service"] == "notion" and "/pages/" in e["path"]]
    writes: defaultdict[str, list[float]] = defaultdict(list)
    for entry in pages:
        if entry["method"] == "PATCH" and entry["status"] == 200:
            writes[entry["path"]].append(entry["at"])
    ends = sorted(times[-1] for times in writes.values())
    if len(ends) != tracks:
        raise SystemExit(f"{len(ends)} rows of {tracks} were written.")
    begun = _times(asked, "soundcloud", lambda path: path.endswith("/resolve"))
    imports = _times(asked, "eagle", lambda path: path.endswith("/addFromPath"))[::2]
    # In use only where one worker made the run: elsewhere tracks overlap.
    costs = Costs(
        notion_requests=sum(e["service"] == "notion" for e in asked) / tracks,
        claim_seconds=3 * NOTION_SECONDS + _SETTLES,
        fetch_seconds=_mean(_first_of_each(begun, imports), imports),
        deliver_seconds=_mean(imports, ends),
    )
    refused = sum(e["service"] == "notion" and e["status"] == 429 for e in asked)
    return _Measured(ends[-1] - min(e["at"] for e in pages), costs, refused, cpu)


def _times(asked: list[dict[str, Any]], service: str, fits: Callable[[str], bool]) -> list[float]:
    return sorted(e["at"] for e in asked if e["service"] == service and fits(e["path"]))


def _first_of_each(begun: list[float], imports: list[float]) -> list[float]:
    """When each import's track was first asked for: a track that falls back to another format is
    asked for again.
    """
    since = [0.0, *imports[:-1]]
    return [
        min((at for at in begun if at > before), default=import_at)
        for before, import_at in zip(since, imports, strict=True)
    ]


def _mean(begins: list[float], ends: list[float]) -> float:
    """Where processes meet, one may take over what the other imported: then the lists differ."""
    return statistics.fmean(end - begin for begin, end in zip(begins, ends, strict=False))


def _compared(
    processes: int, workers: int, tracks: int, found: _Measured, costs: Costs, per_minute: int
) -> tuple[list[str], float]:
    """The table's row, and by how much the model was wrong."""
    limits = Limits(notion_a_minute=per_minute, cores=os.cpu_count() or 1)
    ahead = min(4 * workers, max(workers, per_minute // 15 - workers))
    plan = Plan(processes=processes, workers=workers, claims_ahead=ahead)
    foretold = seconds_for(tracks, costs, limits, plan)
    error = found.seconds / foretold - 1
    cells = [
        f"{processes} × {workers}" + (", 180 a minute" if per_minute == _NOTION else ""),
        str(tracks),
        f"{found.seconds:.1f}",
        f"{foretold:.1f}",
        f"{error:+.0%}",
        f"{tracks / found.seconds * 3600:,.0f}",
        binding(tracks, costs, limits, plan),
        f"{found.costs.notion_requests:.2f}",
        str(found.refused),
    ]
    return cells, abs(error)


def _tell(
    report: Report,
    options: argparse.Namespace,
    costs: Costs,
    rows: list[list[str]],
    errors: list[float],
) -> None:
    report.say(
        f"Tracks of {options.seconds:g} s; a track costs here {costs.fetch_seconds:.2f} s to "
        f"download and convert, {costs.deliver_seconds:.2f} s to import and conclude, "
        f"{costs.cpu_seconds:.2f} s of CPU (the run's, its Prefect server's and the stand-ins'), "
        f"and {costs.notion_requests:.2f} requests to Notion; a process takes "
        f"{costs.start_seconds:.1f} s of CPU to start. Load before: "
        f"{report.load_before:.1f}."
    )
    heads = ["processes × workers", "tracks", "s", "foretold s", "off by", "tracks an hour"]
    report.say(*table([*heads, *_LAST_HEADS], rows))
    worst = max(errors)
    report.judge(
        "the model, where it is off most",
        f"≤ {_WITHIN:.0%}",
        f"{worst:.0%}",
        met=worst <= _WITHIN,
    )
    report.say(*_large_plan())


def _large_plan() -> list[str]:
    """A million tracks on a hundred machines, with a download of 10 s."""
    costs = Costs(fetch_seconds=10.0)
    plans = {
        "1 machine, 4 workers": (Plan(), 180.0),
        "1 machine, 4 workers, Business plan (600 a minute)": (Plan(), 600.0),
        "100 machines, one integration": (Plan(machines=100), 180.0),
        "100 machines, one integration, 600 a minute": (Plan(machines=100), 600.0),
        "100 machines, 20 integrations, 600 a minute each": (
            Plan(machines=100, integrations=20),
            600.0,
        ),
    }
    rows = []
    for name, (plan, notion) in plans.items():
        first, second = bounds(costs, Limits(notion_a_minute=notion), plan)[:2]
        days = 1_000_000 / first.an_hour / 24
        rows.append([name, f"{first.an_hour:,.0f}", f"{days:.1f}", first.part, second.part])
    heads = ["1,000,000 tracks", "tracks an hour", "days", "binds", "would bind next"]
    return table(heads, rows)


if __name__ == "__main__":
    main()
