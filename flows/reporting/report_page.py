"""A run as one HTML page, what needs a person first."""

from __future__ import annotations

from collections.abc import Sequence

from flows.reporting.html_page import Bars, Link, Paragraph, Section, Table, page
from flows.reporting.run_folders import began
from flows.summary import LookAlike, SyncSummary, in_words
from tasks.retrying import said_time
from tasks.shown_text import counted
from tasks.tracks import TrackResult

_ROWS = 1000
_MORE = "Not shown, but in results.csv beside this page: {}."


def report_page(name: str, summary: SyncSummary) -> str:
    """The page of the run in the folder `name`."""
    said = [_facts(name, summary)]
    said += [f"The run stopped: {summary.error}"] if summary.error else []
    said += [f"Note: {warning}" for warning in summary.warnings]
    shown = summary.failures_first[:_ROWS]
    rest = len(summary.results) - len(shown)
    return page(
        summary.headline,
        Section("", [Paragraph(each) for each in said]),
        Section("What became of the rows", [Bars(summary.outcomes, bad=["failed"])]),
        Section("What failed, and what to do", [_failures(summary.failures)]),
        Section("Look alike, left apart", [_look_alikes(summary.look_alikes)]),
        Section(
            "Every track",
            [_all_tracks(shown), Paragraph(_MORE.format(counted(rest, "row")) if rest else "")],
        ),
    )


def _facts(name: str, summary: SyncSummary) -> str:
    code = summary.return_code
    kind = "Dry run, nothing was changed. " if summary.dry_run else ""
    return (
        f"{kind}Begun {began(name) or name}, took {said_time(summary.duration_seconds)}. "
        f"{counted(summary.found, 'row')} for the filter {summary.track_filter}. "
        f"Return code {int(code)}: {code.meaning}."
    )


def _failures(failures: Sequence[TrackResult]) -> Table:
    head = ("Track", "Error", "What happened", "What to do")
    rows = [(_track(r), r.error_type or "", r.error_message, r.remedy) for r in failures]
    return Table(head, rows)


def _look_alikes(pairs: Sequence[LookAlike]) -> Table:
    """The pairs that a person may join."""
    rows = [(Link(p.one, p.one_url), Link(p.other, p.other_url), p.why) for p in pairs]
    return Table(("Row", "Looks like", "Why"), rows)


def _all_tracks(results: Sequence[TrackResult]) -> Table:
    head = ("Track", "Outcome", "What was done, or why not", "Eagle id", "Seconds", "Source")
    rows = [
        (
            _track(r),
            in_words(r.status),
            r.error_message or r.action,
            r.eagle_item_id,
            round(r.processing_time_seconds, 1) or "",
            Link("open", r.source_url) if r.source_url else "",
        )
        for r in results
    ]
    return Table(head, rows)


def _track(result: TrackResult) -> Link:
    return Link(result.label, result.page_url)
