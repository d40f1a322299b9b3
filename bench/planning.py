"""Time and memory to decide what to do with many rows, and how both grow.

    python -m bench.planning [--rows 10000 30000 100000]

For each size: so many rows (nine in ten finished and in Eagle, one new) and two and a half times as
many Eagle items, in a sandbox of its own process, which answers at its best. Measured is the
product's own way there, in a fresh process: the session, Eagle's items into the index, the listing
with `--filter all`, and `flows.rows.selecting.select_tracks`. Nothing is worked on. Then
`library-sync status` is run as a user types it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.measuring import Report, clean_environment, measured, parser, scratch, table
from bench.standins import Contents, stand_ins

_PHASES = ("session", "Eagle", "Notion", "decide")
_LINEAR = 1.25
_STATUS_BESIDE_LISTING = 1.25
_BYTES_A_ROW = 60_000


def main() -> None:
    """Measure each size, print, judge."""
    options = _options()
    if options.child is not None:
        options.child.write_text(json.dumps(asyncio.run(_plan())))
        return
    report = Report("Planning at scale", "python -m bench.planning")
    found = {rows: _measured(rows) for rows in sorted(options.rows)}
    _tell(report, found)
    report.write(options.json)


def _options() -> argparse.Namespace:
    made = parser("planning", __doc__)
    made.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    made.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return made.parse_args()


def _measured(rows: int) -> dict[str, Any]:
    unheard = rows // 10
    done = rows - unheard
    contents = Contents(done=done, unheard=unheard, others=rows * 5 // 2 - 2 * done)
    with (
        scratch(memory_bytes=_BYTES_A_ROW * rows) as folder,
        stand_ins(folder, contents) as services,
    ):
        environment = clean_environment(
            folder, services.environment, NOTION_REQUESTS_PER_MINUTE="10000000"
        )
        since, cpu, file = time.time(), services.cpu_seconds(), folder / "planned.json"
        used = measured([sys.executable, "-m", "bench.planning", "--child", str(file)], environment)
        if used.code:
            raise SystemExit(used.output[-4000:])
        found: dict[str, Any] = json.loads(file.read_text())
        found["requests"] = services.requests(since)
        found["stand_ins"] = services.cpu_seconds() - cpu
        found["status"] = _status(environment, folder)
    return found


def _status(environment: dict[str, str], folder: Path) -> tuple[float, float]:
    """Its seconds of wall time and of CPU."""
    command = [sys.executable, "-m", "flows", "status", "--json", str(folder / "status.json")]
    used = measured(command, environment)
    if used.code:
        raise SystemExit(used.output[-4000:])
    return used.wall, used.cpu


async def _plan() -> dict[str, Any]:
    """The child: decide, as a run does before it works on anything."""
    from flows.prefect_server.environment import prepare_prefect  # noqa: PLC0415  (Prefect reads it)

    prepare_prefect()
    import flows.library_sync  # noqa: F401, PLC0415  (a run has imported Prefect by then)
    from flows.rows.filtering import is_wanted  # noqa: PLC0415
    from flows.rows.selecting import select_tracks  # noqa: PLC0415
    from flows.session.opening import open_session  # noqa: PLC0415
    from tasks.notion.queries import iterate_tracks  # noqa: PLC0415
    from tasks.tracks import TrackFilter  # noqa: PLC0415

    clock = _Clock()
    async with open_session() as run:
        connections = run.connections
        run.state.track_filter = TrackFilter.ALL
        clock.lap("session")
        assert connections.eagle is not None
        items = await connections.eagle.load()
        clock.lap("Eagle")
        rows = iterate_tracks(
            connections.notion,
            connections.schema,
            TrackFilter.ALL,
            lambda track: is_wanted(connections, track, TrackFilter.ALL),
        )
        tracks = [track async for track in rows]
        clock.lap("Notion")
        selection = await select_tracks(connections, run.state, tracks, None, are_all=True)
        clock.lap("decide")
    counts = Counter(result.status.value for result in selection.skipped)
    assert len(selection.work) + counts["skipped_already_done"] == len(tracks)
    found = {"items": items, "rows": len(tracks), "work": len(selection.work)}
    return found | {"laps": clock.laps, "megabytes": _peak_megabytes()}


class _Clock:
    """Seconds of wall time and of this process's CPU between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, tuple[float, float]] = {}
        self._last = time.monotonic(), time.process_time()

    def lap(self, name: str) -> None:
        """End the phase `name`."""
        now = time.monotonic(), time.process_time()
        self.laps[name] = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now


def _peak_megabytes() -> float:
    """The most memory this program had; not what its parent had, as `ru_maxrss` may say."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This system does not tell a process's highest memory.")


def _tell(report: Report, found: dict[int, dict[str, Any]]) -> None:
    heads = ["rows", "Eagle items", "to work on", *(f"{name}: s (own CPU)" for name in _PHASES)]
    heads += ["all s", "ms a row", "peak MB", "requests: Notion, Eagle", "`status`: s (own CPU)"]
    report.say(
        "`--filter all`; one row in ten is new. The stand-ins answer at their best; at Notion's "
        "180 requests a minute the listing of 100,000 rows takes 6 minutes, whoever asks. "
        f"Load before: {report.load_before:.1f}."
    )
    report.say(*table(heads, [_cells(rows, one) for rows, one in found.items()]))
    (_, small), (rows, large) = min(found.items()), max(found.items())
    growth = (_cpu(large) / large["rows"]) / (_cpu(small) / small["rows"])
    report.judge(
        f"growth of our CPU a row from {small['rows']:,} to {large['rows']:,} rows",
        f"linear (≤ {_LINEAR} ×)",
        f"{growth:.2f} ×",
        met=growth <= _LINEAR,
    )
    peak = large["megabytes"]
    report.judge(
        f"peak memory at {rows:,} rows and {large['items']:,} items",
        "≤ 1 GB",
        f"{peak:.0f} MB",
        met=peak <= 1024,
    )
    beside = large["status"][1] / large["laps"]["Notion"][1]
    report.judge(
        f"CPU of `status` of {rows:,} rows beside their listing's in a run",
        f"≤ {_STATUS_BESIDE_LISTING} ×",
        f"{beside:.2f} ×",
        met=beside <= _STATUS_BESIDE_LISTING,
    )


def _cpu(found: dict[str, Any]) -> float:
    return sum(found["laps"][name][1] for name in _PHASES[1:])


def _cells(rows: int, found: dict[str, Any]) -> list[str]:
    laps = found["laps"]
    wall = sum(lap[0] for lap in laps.values())
    return [
        f"{rows:,}",
        f"{found['items']:,}",
        f"{found['work']:,}",
        *(f"{laps[name][0]:.1f} ({laps[name][1]:.1f})" for name in _PHASES),
        f"{wall:.1f}",
        f"{1000 * wall / rows:.2f}",
        f"{found['megabytes']:.0f}",
        f"{found['requests']['notion']:,}, {found['requests']['eagle']}",
        f"{found['status'][0]:.1f} ({found['status'][1]:.1f})",
    ]


if __name__ == "__main__":
    main()
