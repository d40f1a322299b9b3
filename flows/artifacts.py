"""What a run leaves in Prefect's UI: a progress bar, a summary to read, a table to look things up.

Pure text and rows are made here; only `publish` and `Progress` talk to Prefect.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from flows.summary import SyncSummary
from tasks.tracks import TrackResult, TrackStatus

__all__ = ["Progress", "publish", "summary_markdown", "table_rows"]

_ROWS = 500
_FAILURES_SHOWN = 50
_SECONDS_BETWEEN_UPDATES = 2.0
_BAR_WIDTH = 24


def summary_markdown(summary: SyncSummary) -> str:
    """The run as Markdown: verdict, failures first with what to do, counts as bars."""
    code = summary.return_code
    parts = [f"## {summary.mode}: {code.meaning}\n"]
    if summary.error:
        parts.append(f"**The run stopped:** {_cell(summary.error)}\n")
    failures = [r for r in summary.results if r.status in {TrackStatus.FAILED, TrackStatus.ERROR}]
    if failures:
        parts.append(_failures(failures))
    parts.append(_counts(summary))
    parts += [f"- {warning}" for warning in summary.warnings]
    facts = f"Return code **{int(code)}**, {summary.duration_seconds:.1f} s"
    parts.append(f"\n{facts}, filter `{summary.track_filter}`.")
    return "\n".join(parts)


def _failures(failures: list[TrackResult]) -> str:
    rows = [
        f"| {_link(r.title, r.artist, r.page_url)} | {r.error_type or ''} "
        f"| {_cell(r.error_message)} | {_cell(r.remedy)} |"
        for r in failures[:_FAILURES_SHOWN]
    ]
    kinds = Counter(str(r.error_type) for r in failures)
    head = ", ".join(f"{number} × {kind}" for kind, number in kinds.most_common())
    more = len(failures) - len(rows)
    tail = [f"\n… and {more} more in the table."] if more > 0 else []
    table = ["| Track | Error | What happened | What to do |", "|---|---|---|---|", *rows, *tail]
    return f"### Failed: {head}\n\n" + "\n".join(table) + "\n"


def _counts(summary: SyncSummary) -> str:
    largest = max(1, *summary.counts.values())
    rows = [
        f"| {name.replace('_', ' ')} | {number} | {'█' * round(_BAR_WIDTH * number / largest)} |"
        for name, number in summary.counts.items()
    ]
    return "### Counts\n\n" + "\n".join(["| | Tracks | |", "|---|---:|---|", *rows]) + "\n"


def table_rows(summary: SyncSummary) -> list[dict[str, Any]]:
    """A row a track, failures first, at most 500: the UI draws every one of them."""
    return [
        {
            "Track": _link(result.title, result.artist, result.page_url),
            "Status": result.status.value,
            "Error": result.error_type.value if result.error_type else "",
            "Message": result.error_message or result.action,
            "Eagle id": result.eagle_item_id or "",
            "Seconds": round(result.processing_time_seconds, 1),
            "Source": f"[source]({result.source_url})" if result.source_url else "",
        }
        for result in summary.failures_first[:_ROWS]
    ]


async def publish(summary: SyncSummary) -> None:
    """Create the summary and the table for the current flow run."""
    await acreate_markdown_artifact(
        summary_markdown(summary), key="library-sync-summary", description="Summary of the run"
    )
    if summary.results:
        await acreate_table_artifact(
            table_rows(summary), key="library-sync-results", description="What became of each track"
        )


class Progress:
    """A progress artifact, updated now and then rather than at every track."""

    def __init__(self) -> None:
        self._artifact: UUID | None = None
        self._updated_at = 0.0

    async def start(self) -> None:
        """Create the bar at 0 %."""
        self._artifact = await acreate_progress_artifact(0.0, description="Tracks done")

    async def show(self, done: int, total: int) -> None:
        """Move the bar; quietly skipped when the last update was a moment ago."""
        now = time.monotonic()
        due = done == total or now - self._updated_at >= _SECONDS_BETWEEN_UPDATES
        if self._artifact is None or not due:
            return
        self._updated_at = now
        await aupdate_progress_artifact(
            self._artifact, 100.0 * done / max(1, total), description=f"{done} of {total} tracks"
        )


def _link(title: str, artist: str, url: str) -> str:
    label = _cell(f"{artist} - {title}" if artist else title)
    return f"[{label}]({url})" if url else label


def _cell(text: str | None) -> str:
    """Text safe inside a table cell of Markdown."""
    plain = " ".join((text or "").split())
    for character in "\\|[]<>":
        plain = plain.replace(character, "\\" + character)
    return plain[:300]
