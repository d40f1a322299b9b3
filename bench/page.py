"""Runs every benchmark and writes the tables of docs/performance.md between its marks.

    python -m bench.page [--only NAME …] [--small]

`make bench` is this. Each benchmark runs in a process of its own, one after the other; `--small`
takes small sizes, to see that all of it works: its figures mean nothing and are not written.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measuring import Goal, machine, scratch, table

_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN = "<!-- measured: begin (make bench writes what is between these marks) -->"
_END = "<!-- measured: end -->"
_MINUTES = 15

_SMALL: dict[str, list[str]] = {
    "overhead": ["--tracks", "4", "--seconds", "20"],
    "end_to_end": ["--tracks", "4", "--seconds", "20", "--original", "1", "--items", "500"],
    "planning": ["--rows", "500", "1500"],
    "nothing_to_do": ["--rows", "300", "--lacking", "100", "--finished", "600", "--repeats", "1"],
    "workers": ["--tracks", "4", "--seconds", "20", "--limited", "4"],
}


def main() -> None:
    """Measure and write."""
    options = _options()
    began, load = time.monotonic(), os.getloadavg()
    names = options.only or list(_SMALL)
    reports = [_measured(name, _SMALL[name] if options.small else []) for name in names]
    minutes = (time.monotonic() - began) / 60
    print(f"\nAll of it took {minutes:.1f} minutes.")
    text = _text(reports, load=load, minutes=minutes)
    if options.small or options.only:
        print(text)
    else:
        _write(text)


def _options() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    made.add_argument("--only", nargs="+", choices=list(_SMALL), metavar="NAME")
    made.add_argument("--small", action="store_true")
    return made.parse_args()


def _measured(name: str, words: list[str]) -> dict[str, Any]:
    print(f"\n== {name}", flush=True)
    with scratch() as folder:
        file = folder / "report.json"
        command = [sys.executable, "-m", f"bench.{name}", "--json", str(file), *words]
        subprocess.run(command, check=True)
        report: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return report


def _text(
    reports: list[dict[str, Any]], *, load: tuple[float, float, float], minutes: float
) -> str:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    goals = [goal for report in reports for goal in report["goals"]] + [_time_taken(minutes)]
    heads = ["Goal", "wanted", "measured", "met"]
    rows = [[g["what"], g["goal"], g["figure"], "yes" if g["met"] else "**no**"] for g in goals]
    measured_on = (
        f"Measured on {today} on: {machine()}. Load average when it began: {load[0]:.1f}, "
        f"{load[1]:.1f}, {load[2]:.1f} (1, 5, 15 minutes). All of it took {minutes:.1f} minutes."
    )
    parts = [measured_on, "\n".join(table(heads, rows))]
    for report in reports:
        parts += [f"### {report['name']}", f"`{report['command']}`", *report["parts"]]
    return "\n\n".join(parts)


def _time_taken(minutes: float) -> dict[str, Any]:
    met = minutes <= _MINUTES
    figure = f"{minutes:.1f} minutes"
    return asdict(Goal("`make bench`, whole", f"≤ {_MINUTES} minutes", figure, met))


def _write(text: str) -> None:
    page = _PAGE.read_text("utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", "utf-8")
    print(f"{_PAGE} is written.")


if __name__ == "__main__":
    main()
