"""Ten thousand finished rows and nothing to do: requests, and seconds from Enter to the prompt.

    python -m bench.nothing_to_do [--rows 10000] [--repeats 3] [--lacking 300]

Once where no Prefect server is named, once with one that runs already. Then what `batch` asks of
Notion for a thousand finished rows, and what a dry run asks for ten new rows alone and beside
20,000 finished ones. Then the repair of finished rows that only lack Eagle's id, for
the requests each costs: in a library that lacks them as a real one did, 77 rows of 100, without
latencies; and the same of rows whose label is missing, too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from bench.measuring import Report, Used, clean_environment, parser, scratch, sync, table
from bench.servers import prefect_server
from bench.standins import NOTION_SECONDS, Contents, StandIns, stand_ins

_NOTHING = 2
_BATCH_ROWS = 1_000
_NEW = 10
_MEMORY = 1 << 30


def main() -> None:
    """Measure, print, judge."""
    options = _options()
    report = Report("Nothing to do", "python -m bench.nothing_to_do")
    with scratch() as folder, stand_ins(folder, Contents(done=options.rows)) as services:
        services.use_latencies()
        _tell_nothing(report, folder, services, options)
    with scratch() as folder, stand_ins(folder, Contents(done=_BATCH_ROWS)) as services:
        _tell_batch(report, folder, services)
    _tell_few_new(report, options.finished)
    for labelled in (True, False):
        done, lacking = options.lacking * 23 // 77, options.lacking
        contents = Contents(done=done, lacking=lacking, labelled=labelled)
        with scratch() as folder, stand_ins(folder, contents) as services:
            _tell_adoption(report, folder, services, contents)
    report.write(options.json)


def _options() -> argparse.Namespace:
    made = parser("nothing_to_do", __doc__)
    made.add_argument("--rows", type=int, default=10_000)
    made.add_argument("--lacking", type=int, default=300, help="rows whose Eagle id is missing")
    made.add_argument("--finished", type=int, default=20_000, help="rows beside ten new ones")
    made.add_argument("--repeats", type=int, default=3)
    return made.parse_args()


def _environment(folder: Path, services: StandIns, **more: str) -> dict[str, str]:
    limits = {"NOTION_REQUESTS_PER_MINUTE": "100000"}
    return clean_environment(folder, services.environment, **limits, **more)


def _tell_nothing(
    report: Report, folder: Path, services: StandIns, options: argparse.Namespace
) -> None:
    report.say(
        f"{options.rows:,} finished rows, {2 * options.rows:,} Eagle items; Notion answers in "
        f"{NOTION_SECONDS:g} s (median). Load before: {report.load_before:.1f}."
    )
    embedded = _environment(folder, services)
    since = time.time()
    first = _nothing(embedded, folder)
    asked = services.requests(since)
    again = [_nothing(embedded, folder) for _ in range(options.repeats)]
    with prefect_server(folder / "server") as address:
        environment = _environment(folder, services, PREFECT_API_URL=address)
        _nothing(environment, folder)
        served = [_nothing(environment, folder) for _ in range(options.repeats)]
    rows = {
        "no server named, Eagle's list read anew": [first],
        "no server named": again,
        "a Prefect server runs already": served,
    }
    heads = ["Enter to prompt, median", "seconds", "CPU s"]
    report.say(*table(heads, [_cells(name, runs) for name, runs in rows.items()]))
    notion, eagle = asked["notion"], asked["eagle"]
    report.say(f"Requests of the first run: {notion} to Notion, {eagle} to Eagle.")
    prompt = statistics.median(run.wall for run in again)
    report.judge("nothing to do: Enter to prompt", "≤ 2.5 s", f"{prompt:.1f} s", met=prompt <= 2.5)


def _tell_batch(report: Report, folder: Path, services: StandIns) -> None:
    since, filtered = time.time(), ("--quiet", "--filter", "all")
    environment = _environment(folder, services)
    sync(environment, *filtered, command="batch", cwd=folder, codes=(_NOTHING,))
    queries = _queries(services, since)
    what = f"queries of `batch --filter all` over {_BATCH_ROWS:,} finished rows"
    report.judge(what, "≤ 12", str(queries), met=queries <= 12)


def _tell_few_new(report: Report, finished: int) -> None:
    alone, beside = _queries_for_new(done=0), _queries_for_new(done=finished)
    what = f"queries for {_NEW} new rows beside {finished:,} finished ones"
    report.judge(what, f"≤ {alone}, as for the {_NEW} alone", str(beside), met=beside <= alone)


def _queries_for_new(*, done: int) -> int:
    """Queries of Notion in a dry run that finds the new rows, and nothing else, to work on."""
    contents = Contents(done=done, unheard=_NEW)
    with scratch(memory_bytes=_MEMORY) as folder, stand_ins(folder, contents) as services:
        since = time.time()
        _, summary = sync(_environment(folder, services), "--quiet", "--dry-run", cwd=folder)
        if summary["counts"]["found"] != _NEW:
            raise SystemExit(f"{summary['counts']['found']} rows were found, not {_NEW}.")
        return _queries(services, since)


def _queries(services: StandIns, since: float) -> int:
    asked = [entry for entry in services.entries(since) if entry["event"] == "request"]
    return sum(entry["path"].endswith("/query") for entry in asked)


def _nothing(environment: dict[str, str], folder: Path) -> Used:
    used, _ = sync(environment, "--quiet", cwd=folder, codes=(_NOTHING,))
    return used


def _cells(name: str, runs: list[Used]) -> list[str]:
    walls = [run.wall for run in runs]
    return [
        name,
        f"{statistics.median(walls):.1f}",
        f"{statistics.median(r.cpu for r in runs):.1f}",
    ]


def _tell_adoption(report: Report, folder: Path, services: StandIns, contents: Contents) -> None:
    since = time.time()
    words = ("--filter", "missing_eagle", "--workers", "4")
    used, summary = sync(_environment(folder, services), "--quiet", *words, cwd=folder)
    adopted, asked = summary["counts"]["processed"], services.requests(since)["notion"]
    if adopted != contents.lacking:
        raise SystemExit(f"{adopted} rows of {contents.lacking} were adopted.")
    each = asked / adopted
    what = "Eagle's id" if contents.labelled else "Eagle's id and their label, after a look,"
    report.say(
        f"{adopted} of {contents.done + adopted} finished rows got {what} in {used.wall:.1f} s "
        f"(no latencies) with {asked} requests to Notion, all included: {each:.2f} a row. The "
        "listing costs one a hundred finished rows, whether they lack the id or not."
    )
    if contents.labelled:
        report.judge("Notion requests an adopted row", "≤ 1.1", f"{each:.2f}", met=each <= 1.1)


if __name__ == "__main__":
    main()
