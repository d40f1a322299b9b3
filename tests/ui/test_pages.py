"""Report, status and the live picture as a reader sees them; pictures in build/screenshots."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from flows.library.counts import MissingFiles, count_rows
from flows.library.report import LibraryReport
from flows.progress.picture import RunSeen, picture
from flows.progress.transfers import InWork, Stage
from flows.reporting.report_page import report_page
from flows.reporting.run_folders import PastRun
from flows.summary import SyncSummary
from tasks.errors import ErrorType
from tasks.locks.standing import OwnLocks
from tasks.soundcloud.information import Progress
from tasks.tracks import Track, TrackResult, TrackStatus
from tests.ui.browser import CHROMIUM, browser

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
WIDTHS = (1200, 420)

pytestmark = [
    pytest.mark.skipif(not os.environ.get("TEST_UI"), reason="by make test-ui"),
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]


def library() -> LibraryReport:
    """Nine hundred rows of two years, some failed, and eight runs."""
    now = datetime.now(UTC)
    playlists = ("Late Night", "Warm Up", "Peak Time", "Ambient & Drone", "Sunday Afternoon")
    rows = [
        Track(
            page_id=str(n), title=f"Track {n}", artist="Somebody", page_url="https://notion.so/x",
            soundcloud_url=f"https://soundcloud.com/a/t{n}", downloaded=n % 9 != 0,
            eagle_id="" if n % 11 == 0 else f"E{n}", playlists=(playlists[n * n % 5],),
            statuses=("SC_404",) if n % 90 == 0 else ("SC_Geo_Blocked",) if n % 63 == 0 else (),
            created_time=(now - timedelta(days=(n * n) % 700)).isoformat(),
        )
        for n in range(900)
    ]  # fmt: skip
    runs = [
        PastRun(
            name=f"2026112{n}-030000-0badcafe", mode="library-sync", track_filter="unprocessed",
            return_code=None if n == 5 else 0, duration_seconds=61.0 * n, dry_run=n == 3,
            counts={"found": 40 + n, "processed": 30 + n, "failed": n % 4},
            ended="killed" if n == 5 else "finished",
            errors={"SC_404": n % 3, "SC_Geo_Blocked": n % 2, "Download_Failed": n // 3},
        )
        for n in range(1, 9)
    ]  # fmt: skip
    return LibraryReport(
        library=count_rows(rows, now, timedelta(minutes=30), OwnLocks()),
        files=MissingFiles(rows=2, examples=["Somebody - Track 4"]),
        runs=runs[::-1],
    )


def run_report() -> str:
    """A run with every outcome."""
    failed = {"status": TrackStatus.FAILED, "error_type": ErrorType("SC_Geo_Blocked")}
    results = [
        TrackResult(page_id="1", title="Salt Flats (Oda Renn Remix)", artist="Vesper Hollow",
                    status=TrackStatus.PROCESSED, action="downloaded and imported",
                    eagle_item_id="MB3K2J4X1A9QZ", processing_time_seconds=12.3,
                    page_url="https://notion.so/a", source_url="https://soundcloud.com/a/b"),
        TrackResult(page_id="2", title="夜の港", artist="Kō Minase", status=TrackStatus.PROCESSED,
                    action="Eagle had both files already (the same SoundCloud id): adopted, "
                    "nothing was downloaded", eagle_item_id="MB3K2J4X1A9QY"),
        TrackResult(page_id="3", title="Insert Coin", artist="The Quiet Arcade",
                    error_message="https://soundcloud.com/the-quiet-arcade/insert-coin-radio-edit "
                    "is not available in this country.",
                    remedy="Set SC_PROXY to a proxy in a country where the track plays.", **failed),
        TrackResult(page_id="4", title="Paper Tigers", artist="Oda Renn",
                    status=TrackStatus.SKIPPED_NOT_DUE,
                    action="not due before 2026-12-02 (SC_404, 2 attempts)"),
        TrackResult(page_id="5", title="Grid Failure", artist="Tessellate Unit",
                    status=TrackStatus.SKIPPED_LOCKED, action="locked by Mac-mini, process 4711"),
    ]  # fmt: skip
    summary = SyncSummary(mode="library-sync", track_filter="unprocessed", found=7,
                          results=tuple(results), duration_seconds=84.0)  # fmt: skip
    return report_page("20261125-030000-0badcafe", summary)


def live(width: int) -> str:
    """The live picture as rich writes it into a page."""
    seen = RunSeen(done=4, total=12, counts={"brought in": 3, "failed": 1}, seconds_left=125,
                   megabytes=61.3)  # fmt: skip
    tracks = [
        InWork("Marlo Quill - Copper Lanterns", Stage.IMPORTING),
        InWork("Kō Minase - 夜の港", Stage.CONVERTING),
        InWork("Vesper Hollow - Salt Flats (Oda Renn Remix)", Stage.DOWNLOADING,
               Progress(3_100_000, 8_400_000)),
        InWork("Ådne Fjeldstrøm - Nordlys Transit", Stage.CLAIMING),
    ]  # fmt: skip
    console = Console(record=True, width=width, force_terminal=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(picture(seen, tracks, width))
    return console.export_html()


def test_the_pages_fit_a_desk_and_a_phone_in_light_and_in_the_dark(tmp_path):
    """Nothing is wider than the window, and no text is smaller than 12 pixels."""
    pages = {
        "report": run_report(),
        "status": library().html(),
        "live-100": live(100),
        "live-60": live(60),
        "live-40": live(40),
    }
    smallest = """Math.min(...[...document.querySelectorAll("body *")]
        .filter(e => e.childNodes.length && [...e.childNodes].some(n => n.nodeType === 3
            && n.textContent.trim()))
        .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
    with browser(tmp_path / "profile", PICTURES) as tab:
        for name, text in pages.items():
            file = tmp_path / f"{name}.html"
            file.write_text(text, "utf-8")
            tab.open(file.as_uri())
            for width in WIDTHS:
                for dark in (False, True):
                    tab.in_the_dark(dark=dark)
                    shade = "dark" if dark else "light"
                    height = 500 if name.startswith("live") else 3200
                    tab.picture(f"{name}-{width}-{shade}", height=height, width=width)
                if not name.startswith("live"):
                    assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
                    assert tab.evaluate(smallest) >= 12
