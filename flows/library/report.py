"""The library at a glance: read once, shown as text, as JSON, as a page; without Prefect."""

from __future__ import annotations

import asyncio
import logging
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from flows.library.counts import LibraryCounts, MissingFiles, count_rows, missing_files
from flows.reporting.frames import failures_by_run
from flows.reporting.html_page import Bars, Link, Paragraph, Section, Stacked, Table, page
from flows.reporting.run_folders import PastRun, began, past_runs
from flows.session.clients import notion_client
from flows.session.preflight import open_schema
from flows.settings import Settings
from tasks.errors import NotionError
from tasks.locks.ports import this_host
from tasks.locks.registry import own_locks
from tasks.notion.playlists import PlaylistNames
from tasks.notion.queries import matching_pages
from tasks.notion.rows import to_track
from tasks.shown_text import counted, local
from tasks.tracks import Track, TrackFilter

_log = logging.getLogger("flows.status")

_RUNS = 5
_RUNS_IN_PAGE = 20
_NARROWEST = 24
_MONTHS = 24
_PLAYLISTS = 20


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
            "locks": [row.to_dict() for row in rows.locks],
            "missing_files": asdict(self.files),
            "last_runs": [asdict(run) for run in self.runs[:_RUNS]],
        }

    @property
    def headline(self) -> str:
        """The states in one line: `12 rows: 3 done, 9 waiting`."""
        states = {_words(name): n for name, n in self.library.states.items() if n}
        total = self.library.counts["total_tracks"]
        return f"{counted(total, 'row')}: " + ", ".join(
            f"{number} {name}" for name, number in states.items()
        )

    def lines(self, width: int = 80) -> list[str]:
        """The report for a terminal of `width` characters."""
        rows = self.library
        text = ["LIBRARY STATUS", f"   {local(rows.taken_at)}"]
        text += ["Every row is in one state", *_numbers(rows.states, width)]
        text += ["Rows that match a filter", *_numbers(rows.waiting, width)]
        text += ["All numbers", *_numbers(_shown(rows.counts), width)]
        if rows.errors:
            text.append("Errors, by class, with the newest")
            for name, number in rows.errors.items():
                text += _numbers({name: number}, width, spelled=False)
                text += _wrapped([f"{e.label}  {e.page_url}" for e in rows.examples[name]], width)
        if rows.locks:
            locks = [f"{row.label}: {row.lock.sentence()}" for row in rows.locks]
            text += ["Locks", *_wrapped(locks, width)]
        if self._file_lines():
            text += ["Files of this machine", *_wrapped(self._file_lines(), width)]
        if self.runs:
            runs = [run.sentence() for run in self.runs[:_RUNS]]
            text += ["Last runs of this machine", *_wrapped(runs, width)]
        return text

    def html(self) -> str:
        """The report as one self-contained page."""
        rows = self.library
        total = rows.counts["total_tracks"]
        filters = {f"{f.value}: {f.meaning}": rows.waiting[f.value] for f in TrackFilter}
        return page(
            "The library",
            Section(
                "",
                [Paragraph(f"{local(rows.taken_at)}: {counted(total, 'row')}, each in one state.")],
            ),
            Section("Rows, by state", [Bars(rows.states, bad=["failed"])]),
            Section("Rows that match a filter", [Bars(filters)]),
            Section("Errors, by class", [Bars(rows.errors, bad=rows.errors), _examples(rows)]),
            Section("Failures of the last runs", [Stacked(self._failures())]),
            Section("Tracks per month", [Bars(_last(rows.months, _MONTHS))]),
            Section("Tracks per playlist", [Bars(_first(rows.playlists, _PLAYLISTS))]),
            Section("Locks", [_locks(rows)]),
            Section("Files of this machine", [Paragraph(line) for line in self._file_lines()]),
            Section("Last runs of this machine", [_runs_table(self.runs)]),
            Section("All numbers", [Table(("", "Rows"), _spelled(_shown(rows.counts)))]),
        )

    def _failures(self) -> dict[str, dict[str, int]]:
        return failures_by_run({began(run.name): run.errors for run in reversed(self.runs)})

    def _file_lines(self) -> list[str]:
        files = self.files
        lines = [f"{folder} is not there; its files were not looked at" for folder in files.absent]
        if files.rows:
            some = "; ".join(files.examples)
            lines.append(f"{counted(files.rows, 'row')} with files that are gone: {some}")
        if files.moved:
            lines.append(
                f"{counted(files.moved, 'row')} with files that have moved into your folders; "
                "`sync --filter all` renews their paths"
            )
        return lines


async def read_library(settings: Settings) -> LibraryReport:
    """List every row once and count. Raises ConfigurationError, NotionError."""
    client = notion_client(settings)
    async with client:
        schema = await open_schema(client, settings)
        found = matching_pages(client, schema, {"and": []})
        tracks = [to_track(page, schema) async for page in found]
        tracks = await _with_playlists(PlaylistNames(client, schema), tracks)
        now = client.time.earliest()
    known = await asyncio.to_thread(own_locks, settings.state_dir / "locks", host=this_host())
    timeout = timedelta(minutes=settings.lock_timeout_minutes)
    own = (settings.out_dir, settings.playlist_tracks_dir, settings.eagle_library_path)
    roots = [root for root in own if root is not None]
    return LibraryReport(
        library=count_rows(tracks, now, timeout, known),
        files=await asyncio.to_thread(missing_files, tracks, roots),
        runs=await asyncio.to_thread(past_runs, settings.state_dir, _RUNS_IN_PAGE),
    )


async def _with_playlists(names: PlaylistNames, tracks: list[Track]) -> list[Track]:
    """The rows with their playlists' names, by one listing; as they are, if that fails."""
    try:
        await names.prepare(tracks)
        return [await names.of(track) if track.downloaded else track for track in tracks]
    except NotionError as error:
        _log.warning("The playlists could not be read: %s", error)
        return tracks


def _shown(counts: Mapping[str, int]) -> dict[str, int]:
    """The numbers a person is shown: `needs_processing` is nearly the filter's, and not quite."""
    return {name: number for name, number in counts.items() if name != "needs_processing"}


def _numbers(numbers: Mapping[str, int], width: int, *, spelled: bool = True) -> list[str]:
    room = max(10, min(26, width - 12))
    lines = []
    for name, number in numbers.items():
        label = _words(name) if spelled else name
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


def _examples(rows: LibraryCounts) -> Table:
    found = [
        (name, Link(example.label, example.page_url), local(example.edited))
        for name, examples in rows.examples.items()
        for example in examples
    ]
    return Table(("Error", "Newest", "Edited"), found)


def _locks(rows: LibraryCounts) -> Table:
    found = [(Link(row.label, row.page_url), row.lock.sentence()) for row in rows.locks]
    return Table(("Row", "Whose"), found)


def _first(numbers: Mapping[str, int], most: int) -> dict[str, int]:
    """The first `most` of them, and the rest as one."""
    shown = dict(list(numbers.items())[:most])
    rest = sum(numbers.values()) - sum(shown.values())
    return shown | ({"in other playlists": rest} if rest else {})


def _last(numbers: Mapping[str, int], most: int) -> dict[str, int]:
    return dict(list(numbers.items())[-most:])


def _runs_table(runs: Sequence[PastRun]) -> Table:
    head = ("Begun", "What", "Code", "Found", "Processed", "Failed", "Seconds", "Folder")
    rows = [
        (
            began(run.name), run.kind, run.return_code,
            *(run.counts.get(name, 0) for name in ("found", "processed", "failed")),
            round(run.duration_seconds), run.name,
        )
        for run in runs
    ]  # fmt: skip
    return Table(head, rows)


def _spelled(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(_words(name), number) for name, number in numbers.items()]


def _words(name: str) -> str:
    """A number's name as a person reads it."""
    words = name.replace("_", " ").replace("soundcloud url", "SoundCloud URL")
    return words.replace("eagle", "Eagle")
