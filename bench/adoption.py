"""What the repair of finished rows costs: Notion requests and seconds a row, by the real flow.

Rows that are ticked and lack Eagle's id, whose items Eagle holds, in a whole sandbox; the run is
`library-sync --filter missing_eagle`. Notion's budget is lifted, so the seconds are our own: with
180 requests a minute the requests alone say how long a real run takes.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from flows.prefect_server.environment import prepare_prefect

prepare_prefect()

from prefect.testing.utilities import prefect_test_harness  # noqa: E402  (settings come first)

from flows.library_sync import library_sync  # noqa: E402
from flows.session.opening import SessionOptions, session_options  # noqa: E402
from flows.settings import load_settings  # noqa: E402
from sandbox.threaded import RunningSandbox, running_sandbox  # noqa: E402
from sandbox.world import World  # noqa: E402
from tasks.tracks import TrackFilter  # noqa: E402


@dataclass(frozen=True)
class Repair:
    """A finished repair: rows, rows that got their id, requests by kind, seconds of the run."""

    rows: int
    repaired: int
    requests: Counter[str]
    seconds: float

    @property
    def requests_a_row(self) -> float:
        """Writes and reads of single pages for each repaired row."""
        return self.requests["pages"] / max(1, self.repaired)


async def measure_repair(rows: int) -> Repair:
    """Repair `rows` rows in a fresh sandbox under a Prefect server of its own."""
    logging.getLogger("flows").setLevel(logging.ERROR)
    with (
        tempfile.TemporaryDirectory(prefix="bench-adoption-") as folder,
        running_sandbox(Path(folder), build=lambda world: _fill(world, rows)) as sandbox,
        prefect_test_harness(server_startup_timeout=120),
    ):
        settings = load_settings(sandbox.environment, env_file=None)
        settings = replace(settings, notion_requests_per_minute=1_000_000)
        session_options.set(SessionOptions(settings=settings))
        began = time.perf_counter()
        state = await library_sync(
            filter=TrackFilter.MISSING_EAGLE, cleanup=False, return_state=True
        )
        seconds = time.perf_counter() - began
        summary = await state.aresult()
        return Repair(rows, summary.counts["processed"], _requests(sandbox), seconds)


def _fill(world: World, rows: int) -> None:
    """Each row ticked, its WAV and AIFF in Eagle under its address, no id in Notion."""
    world.add_root_page()
    world.add_databases()
    world.eagle.pictures = False
    for number in range(rows):
        title, artist = f"Piece {number:05}", f"Artist {number % 97}"
        row = world.add_track(title, artist, seconds=200.0, properties={"DL": True})
        for ext in ("wav", "aiff"):
            world.eagle.add_item(
                None, name=f"{artist} - {title}", ext=ext, url=row.url, size=35_280_044
            )


def _requests(sandbox: RunningSandbox) -> Counter[str]:
    entries = sandbox.ledger.entries(event="request", service="notion")
    return Counter("pages" if "/pages/" in e["path"] else "queries and schema" for e in entries)
