"""The library at a glance: read once, shown as text, as JSON, as a page; without Prefect."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from flows.library.counts import LibraryCounts, MissingFiles, count_rows, missing_files
from flows.reporting.html_page import Link, bars, page, paragraph, section, table
from flows.reporting.run_folders import PastRun, past_runs
from flows.session.preflight import open_schema
from flows.settings import Settings
from tasks.locks.ports import this_host
from tasks.locks.registry import own_locks
from tasks.notion.budget import RequestBudget
from tasks.notion.client import NotionClient
from tasks.notion.listing import list_rows
from tasks.notion.rows import to_track

__all__ = ["LibraryReport", "read_library"]

_RUNS = 5
_RUNS_IN_PAGE = 20
_NARROWEST = 24


@dataclass(frozen=True, kw_only=True)
class LibraryReport:
    """What `status` says: the rows' numbers, files missing on this machine, the last runs."""

    library: LibraryCounts
    files: MissingFiles = field(default_factory=MissingFiles)
    runs: Sequence[PastRun] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        rows = self.library
        return {"timestamp": rows.taken_at, **rows.counts} | {
            "states": dict(rows.states),
            "waiting": dict(rows.waiting),
            "errors": dict(rows.errors),
            "error_examples": {
                name: [asdict(example) for example in examples]
                for name, examples in rows.examples.items()
            },
            "locks": [lock.to_dict() for lock in rows.locks],
            "missing_files": asdict(self.files),
            "last_runs": [asdict(run) for run in self.runs[:_RUNS]],
        }

    def lines(self, width: int = 80) -> list[str]:
        """The report for a terminal of `width` characters."""
        rows = self.library
        text = ["LIBRARY STATUS", *_numbers(rows.counts, width)]
        text += ["Rows, by state", *_numbers(rows.states, width)]
        text += ["Waiting, by filter", *_numbers(rows.waiting, width)]
        if rows.errors:
            text.append("Errors, by class, with the newest")
            for name, number in rows.errors.items():
                text += _numbers({name: number}, width, spelled=False)
                text += _wrapped([f"{e.label}  {e.page_url}" for e in rows.examples[name]], width)
        if rows.locks:
            text += ["Locks", *_wrapped([lock.sentence() for lock in rows.locks], width)]
        if self.files.rows or self.files.absent:
            text += ["Files of this machine", *_wrapped(self._file_lines(), width)]
        if self.runs:
            runs = [run.sentence() for run in self.runs[:_RUNS]]
            text += ["Last runs of this machine", *_wrapped(runs, width)]
        return text

    def html(self) -> str:
        """The report as one self-contained page."""
        rows = self.library
        locks = [
            (Link(lock.label, lock.page_url), lock.sentence().rpartition(": ")[2])
            for lock in rows.locks
        ]
        examples = [
            (name, Link(example.label, example.page_url), example.edited)
            for name, found in rows.examples.items()
            for example in found
        ]
        return page(
            "The library",
            paragraph(f"As of {rows.taken_at}: {rows.counts['total_tracks']:,} rows."),
            section("Rows, by state", bars(rows.states, bad=["failed"])),
            section("Waiting, by filter", bars(rows.waiting)),
            section(
                "Errors, by class",
                bars(rows.errors, bad=rows.errors),
                table(("Error", "Newest", "Edited"), examples),
            ),
            section("Locks", table(("Row", "Whose"), locks)),
            section("Files of this machine", *(paragraph(line) for line in self._file_lines())),
            section("Last runs of this machine", _runs_chart(self.runs), _runs_table(self.runs)),
            section("All numbers", table(("", "Rows"), [_spelled(i) for i in rows.counts.items()])),
        )

    def _file_lines(self) -> list[str]:
        files = self.files
        lines = [f"{folder} is not there; its files were not looked at" for folder in files.absent]
        if files.rows:
            some = "; ".join(files.examples)
            lines.append(f"{files.rows} rows name files that are gone: {some}")
        return lines


async def read_library(settings: Settings) -> LibraryReport:
    """List every row once and count. Raises ConfigurationError, NotionError."""
    budget = RequestBudget(settings.notion_requests_per_minute)
    client = NotionClient(
        settings.notion_token.get_secret_value(), base_url=settings.notion_base_url, budget=budget
    )
    async with client:
        schema = await open_schema(client, settings)
        tracks = []
        edited = {}
        async for found in list_rows(
            client, schema.data_source_id, {"and": []}, only=schema.asked_for
        ):
            tracks.append(to_track(found, schema))
            edited[found["id"]] = found.get("last_edited_time", "")
        now = client.time.earliest()
    known = await asyncio.to_thread(own_locks, settings.state_dir / "locks", host=this_host())
    timeout = timedelta(minutes=settings.lock_timeout_minutes)
    own = (settings.out_dir, settings.playlist_tracks_dir, settings.eagle_library_path)
    roots = [root for root in own if root is not None]
    return LibraryReport(
        library=count_rows(tracks, edited, now, timeout, known),
        files=await asyncio.to_thread(missing_files, tracks, roots),
        runs=await asyncio.to_thread(past_runs, settings.state_dir, _RUNS_IN_PAGE),
    )


def _numbers(numbers: Mapping[str, int], width: int, *, spelled: bool = True) -> list[str]:
    room = max(10, min(26, width - 12))
    lines = []
    for name, number in numbers.items():
        label = name.replace("_", " ") if spelled else name
        lines.append(f"   {label[:room]:<{room}}{number:>8}")
    return lines


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    inner = max(_NARROWEST, width)
    wrapped = [
        textwrap.wrap(
            line, inner, initial_indent="   ", subsequent_indent="     ", break_on_hyphens=False
        )
        for line in lines
    ]
    return [line for lines_of_one in wrapped for line in lines_of_one]


def _runs_chart(runs: Sequence[PastRun]) -> str:
    """Tracks processed, run by run, the newest first."""
    return bars({run.name[:15]: run.counts.get("processed", 0) for run in runs})


def _runs_table(runs: Sequence[PastRun]) -> str:
    head = ("Run", "What", "Code", "Found", "Processed", "Failed", "Seconds")
    rows = [
        (
            run.name, f"{run.mode} {run.track_filter}", run.return_code,
            *(run.counts.get(name, 0) for name in ("found", "processed", "failed")),
            round(run.duration_seconds),
        )
        for run in runs
    ]  # fmt: skip
    return table(head, rows)


def _spelled(item: tuple[str, int]) -> tuple[str, int]:
    return item[0].replace("_", " "), item[1]
