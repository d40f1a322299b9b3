"""A whole sync beside a bare loop of yt-dlp and ffmpeg, and beside a run of the original's shape.

    python -m bench.end_to_end [--tracks 50] [--seconds 240] [--workers 4]

A dry run comes before ours, unmeasured: a machine in use has Prefect's database and knows its
Notion data source. All three meet the same stand-ins, one after the other, with the same latencies.
The original's shape is measured on a few tracks and multiplied, since it works on one track after
another.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measuring import Report, Used, clean_environment, measured, parser, scratch, sync, table
from bench.standins import NOTION_SECONDS, SOUNDCLOUD_SECONDS, Contents, StandIns, stand_ins

_NO_LIMIT = 100_000
_NOTION_LIMIT = 180


@dataclass(frozen=True)
class _Run:
    """A run: what it took, its requests to Notion and how many of them were for a single row, how
    often it asked Eagle for an address, the CPU seconds of the stand-ins meanwhile, and after how
    many seconds the first download began.
    """

    used: Used
    notion: int
    of_rows: int
    addresses: int
    stand_ins: float
    first_download: float


def main() -> None:
    """Measure, print, judge."""
    options = _options()
    report = Report("End to end", "python -m bench.end_to_end")
    with scratch() as folder:
        runs = _side_by_side(folder, options)
    _tell(report, options, *runs)
    report.write(options.json)


def _options() -> argparse.Namespace:
    made = parser("end_to_end", __doc__)
    made.add_argument("--tracks", type=int, default=50)
    made.add_argument("--seconds", type=float, default=240.0)
    made.add_argument("--workers", type=int, default=4)
    made.add_argument("--original", type=int, default=2, help="tracks of the original's shape")
    made.add_argument("--items", type=int, default=21_000, help="items in the Eagle library")
    return made.parse_args()


def _side_by_side(folder: Path, options: argparse.Namespace) -> tuple[_Run, _Run, _Run, _Run]:
    """The bare loop, the original's shape, ours, and ours under Notion's limit."""
    contents = Contents(tracks=options.tracks, seconds=options.seconds, others=options.items)
    with stand_ins(folder / "a", contents) as services:
        services.use_latencies()
        bare = _bare(folder / "bare", services, options)
        original = _original(folder / "original", services, options)
        ours = _ours(folder / "a", services, options, per_minute=_NO_LIMIT)
    with stand_ins(folder / "b", contents) as services:
        services.use_latencies(requests_per_minute=_NOTION_LIMIT)
        limited = _ours(folder / "b", services, options, per_minute=_NOTION_LIMIT)
    return bare, original, ours, limited


def _bare(folder: Path, services: StandIns, options: argparse.Namespace) -> _Run:
    urls = [row["url"] for row in json.loads((services.state / "world.json").read_text())["rows"]]
    proxy = services.environment["SC_PROXY"]
    words = [str(folder), proxy, str(options.workers)]
    return _run(folder, services, "bench.bare_loop", words, "\n".join(urls))


def _original(folder: Path, services: StandIns, options: argparse.Namespace) -> _Run:
    """The whole run's figures, calculated from the few tracks that were measured."""
    words = [str(folder), str(options.original)]
    few = _run(folder, services, "bench.original_shape", words)
    seconds = json.loads(few.used.output.splitlines()[-1])
    times = options.tracks / options.original
    used = replace(few.used, wall=statistics.mean(seconds) * options.tracks)
    used = replace(used, cpu=few.used.cpu * times)
    counts = [round(n * times) for n in (few.notion, few.of_rows, few.addresses)]
    return _Run(used, *counts, few.stand_ins * times, few.first_download)


def _run(folder: Path, services: StandIns, module: str, words: list[str], given: str = "") -> _Run:
    environment = clean_environment(folder, services.environment, PYTHONWARNINGS="ignore")
    return _noted(
        services,
        folder,
        lambda: measured([sys.executable, "-m", module, *words], environment, given=given),
    )


def _ours(
    folder: Path, services: StandIns, options: argparse.Namespace, *, per_minute: int
) -> _Run:
    environment = clean_environment(
        folder, services.environment, NOTION_REQUESTS_PER_MINUTE=str(per_minute)
    )

    sync(environment, "--quiet", "--dry-run")

    def work() -> Used:
        used, summary = sync(environment, "--quiet", "--workers", str(options.workers))
        if summary["counts"]["processed"] != options.tracks:
            arrived = summary["counts"]["processed"]
            raise SystemExit(f"Only {arrived} tracks of {options.tracks} arrived.")
        return used

    return _noted(services, services.state, work)


def _noted(services: StandIns, folder: Path, work: Callable[[], Used]) -> _Run:
    since, cpu = time.time(), services.cpu_seconds()
    used = work()
    if used.code:
        raise SystemExit(used.output[-4000:])
    stand_ins = services.cpu_seconds() - cpu
    asked = [entry for entry in services.entries(since) if entry["event"] == "request"]
    downloads = [entry["at"] for entry in asked if entry["service"] == "soundcloud"]
    of_notion = [entry["path"] for entry in asked if entry["service"] == "notion"]
    of_rows = sum("/pages/" in path for path in of_notion)
    addresses = sum(e["service"] == "eagle" and "url=" in e.get("query", "") for e in asked)
    first = min(downloads) - since
    run = _Run(used, len(of_notion), of_rows, addresses, stand_ins, first)
    shutil.rmtree(folder, ignore_errors=True)
    return run


def _tell(
    report: Report,
    options: argparse.Namespace,
    bare: _Run,
    original: _Run,
    ours: _Run,
    limited: _Run,
) -> None:
    tracks = options.tracks
    report.say(
        f"{tracks} tracks of {options.seconds:g} s, {options.workers} workers, an Eagle library of "
        f"{options.items:,} items; Notion answers in {NOTION_SECONDS:g} s (median), SoundCloud in "
        f"{SOUNDCLOUD_SECONDS * 1000:g} ms. Load before: {report.load_before:.1f}."
    )
    runs = {
        "bare loop: yt-dlp, one ffmpeg": bare,
        "library-sync": ours,
        f"library-sync, Notion's {_NOTION_LIMIT} requests a minute enforced": limited,
        f"the original's shape (calculated from {options.original} tracks)": original,
    }
    heads = [
        "",
        "wall s",
        "of it before the first download",
        "beside bare",
        "CPU s",
        "stand-ins' CPU s",
        "Notion requests a track",
    ]
    report.say(*table(heads, [_cells(label, run, bare, tracks) for label, run in runs.items()]))
    ratio = ours.used.wall / bare.used.wall
    report.judge("wall time beside the bare loop", "≤ 1.10 ×", f"{ratio:.2f} ×", met=ratio <= 1.1)
    working = (ours.used.wall - ours.first_download) / (bare.used.wall - bare.first_download)
    report.say(
        f"From each one's first download on, ours takes {working:.2f} × the bare loop's time. What "
        "comes before is the listing, the first claim and Prefect's start; it is the same for 50 "
        "tracks and for 5,000."
    )
    first = ours.first_download
    report.judge("Enter to the first download", "≤ 5 s", f"{first:.1f} s", met=first <= 5)
    times = original.used.wall / ours.used.wall
    report.judge("the original's shape beside ours", "≥ 10 ×", f"{times:.1f} ×", met=times >= 10)
    own = limited.notion - limited.of_rows
    each, of_rows = limited.notion / tracks, limited.of_rows / tracks
    figure = f"{each:.2f}: {of_rows:.2f} for the track's own row, {own} a run"
    report.judge("Notion requests a new track", "≤ 4.1", figure, met=each <= 4.1)
    each = ours.addresses / tracks
    what = "times Eagle is asked for a track's address"
    report.judge(what, "≤ 2", f"{each:.2f}", met=each <= 2)


def _cells(label: str, run: _Run, bare: _Run, tracks: int) -> list[str]:
    return [
        label,
        f"{run.used.wall:.1f}",
        f"{run.first_download:.1f}",
        f"{run.used.wall / bare.used.wall:.2f} ×",
        f"{run.used.cpu:.1f}",
        f"{run.stand_ins:.1f}",
        f"{run.notion / tracks:.2f}",
    ]


if __name__ == "__main__":
    main()
