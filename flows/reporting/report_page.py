"""A run as one HTML page, what needs a person first."""

from __future__ import annotations

from collections.abc import Sequence

from flows.reporting.html_page import Link, bars, page, paragraph, section, table
from flows.reporting.run_folders import began
from flows.summary import LookAlike, SyncSummary, in_words
from tasks.retrying import said_time
from tasks.tracks import TrackResult, TrackStatus

_ROWS = 1000
_MORE = "{:,} more rows are in results.csv, beside this page."


def report_page(name: str, summary: SyncSummary) -> str:
    """The page of the run in the folder `name`."""
    failures = [r for r in summary.results if r.status in {TrackStatus.FAILED, TrackStatus.ERROR}]
    error = [paragraph(f"The run stopped: {summary.error}")] if summary.error else []
    shown = summary.failures_first[:_ROWS]
    rest = len(summary.results) - len(shown)
    return page(
        summary.headline,
        paragraph(_facts(name, summary)),
        *error,
        *(paragraph(f"Note: {warning}") for warning in summary.warnings),
        section("What became of the rows", bars(summary.outcomes, bad=["failed"])),
        section("What failed, and what to do", _failures(failures)),
        *_look_alikes(summary.look_alikes),
        section("Every track", _all_tracks(shown), paragraph(_MORE.format(rest)) if rest else ""),
    )


def _facts(name: str, summary: SyncSummary) -> str:
    code = summary.return_code
    kind = "Dry run, nothing was changed. " if summary.dry_run else ""
    return (
        f"{kind}Begun {began(name) or name}, took {said_time(summary.duration_seconds)}. "
        f"{summary.found:,} rows match the filter {summary.track_filter}. "
        f"Return code {int(code)}: {code.meaning}."
    )


def _failures(failures: Sequence[TrackResult]) -> str:
    head = ("Track", "Error", "What happened", "What to do")
    rows = [(_track(r), r.error_type or "", r.error_message, r.remedy) for r in failures]
    return table(head, rows)


def _look_alikes(pairs: Sequence[LookAlike]) -> list[str]:
    """The pairs that a person may join; none, no section."""
    rows = [(Link(p.one, p.one_url), Link(p.other, p.other_url), p.why) for p in pairs]
    head = ("Row", "Looks like", "Why")
    return [section("Look alike, left apart", table(head, rows))] if rows else []


def _all_tracks(results: Sequence[TrackResult]) -> str:
    head = ("Track", "Outcome", "What was done, or why not", "Eagle id", "Seconds", "Source")
    rows = [
        (
            _track(r),
            in_words(r.status),
            r.error_message or r.action,
            r.eagle_item_id,
            round(r.processing_time_seconds, 1) or "",
            Link("source", r.source_url) if r.source_url else "",
        )
        for r in results
    ]
    return table(head, rows)


def _track(result: TrackResult) -> Link:
    return Link(result.label, result.page_url)
