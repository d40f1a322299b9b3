"""What a run leaves in Prefect's UI: a progress bar, a summary to read, a table to look things up.

Pure text and rows are made here; only `publish` and `Progress` talk to Prefect.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from flows.prefect_server.outage import OUT_OF_REACH, Outage
from flows.summary import SyncSummary
from tasks.errors import ErrorType
from tasks.tracks import TrackResult, TrackStatus

__all__ = ["Progress", "publish", "summary_markdown", "table_rows"]

_log = logging.getLogger("flows.artifacts")

_ROWS = 500
_FAILURES_SHOWN = 50
_SECONDS_BETWEEN_UPDATES = 2.0
_BAR_WIDTH = 24


def summary_markdown(summary: SyncSummary) -> str:
    """The run as Markdown: verdict, failures first with what to do, counts as bars."""
    code = summary.return_code
    done = f"{summary.count('processed')} of {summary.found} tracks processed"
    parts = [f"## {summary.mode}: {done}\n", f"{code.meaning}.\n"]
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
    """A list, since the UI's tables do not wrap: what to do would lie out of sight."""
    kinds = Counter(str(r.error_type or ErrorType.UNKNOWN_ERROR) for r in failures)
    head = ", ".join(f"{number} × {kind}" for kind, number in kinds.most_common())
    items = [_failure(result) for result in failures[:_FAILURES_SHOWN]]
    more = len(failures) - len(items)
    tail = [f"\n… and {more} more in the table."] if more > 0 else []
    return "\n".join([f"### Failed: {head}\n", *items, *tail]) + "\n"


def _failure(result: TrackResult) -> str:
    link = _link(result.title, result.artist, result.page_url)
    kind = result.error_type or ErrorType.UNKNOWN_ERROR
    said = f"- **{link}** `{kind}`: {_cell(result.error_message)}"
    return f"{said}<br>What to do: {_cell(result.remedy)}" if result.remedy else said


def _counts(summary: SyncSummary) -> str:
    """The counts as bars; of the reasons for skipping only those that occurred."""
    counts = {
        name: number
        for name, number in summary.counts.items()
        if number or name in {"found", "processed", "failed"}
    }
    largest = max(1, *counts.values())
    rows = [
        f"| {name.replace('_', ' ')} | {number} | {'█' * round(_BAR_WIDTH * number / largest)} |"
        for name, number in counts.items()
    ]
    return "### Counts\n\n" + "\n".join(["| | Tracks | |", "|---|---:|---|", *rows]) + "\n"


def table_rows(summary: SyncSummary) -> list[dict[str, Any]]:
    """A row a track, failures first, at most 500: the UI draws every one of them."""
    return [
        {
            "Track": _link(result.title, result.artist, result.page_url),
            "Status": result.status.value,
            "Error": result.error_type.value if result.error_type else "",
            "Source": f"[source]({result.source_url})" if result.source_url else "",
            "Seconds": round(result.processing_time_seconds, 1),
            "Eagle id": result.eagle_item_id or "",
            "Why": result.error_message or result.action,
        }
        for result in summary.failures_first[:_ROWS]
    ]


async def publish(summary: SyncSummary) -> None:
    """Create the summary and the table for the current flow run, if its server answers."""
    with _gap("the summary"):
        await acreate_markdown_artifact(
            summary_markdown(summary), key="library-sync-summary", description="Summary of the run"
        )
        if summary.results:
            await acreate_table_artifact(
                table_rows(summary),
                key="library-sync-results",
                description="What became of each track",
            )


@contextmanager
def _gap(what: str, outage: Outage | None = None) -> Iterator[None]:
    """A server that does not answer costs a line in the log, never the run."""
    try:
        yield
    except OUT_OF_REACH as error:
        if outage is not None:
            outage.begin()
        _log.warning("The Prefect server did not take %s: %s", what, error)


class Progress:
    """A progress artifact, updated now and then rather than at every track."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage
        self._artifact: UUID | None = None
        self._updated_at = 0.0

    async def start(self) -> None:
        """Create the bar at 0 %."""
        with _gap("the progress bar", self._outage):
            self._artifact = await acreate_progress_artifact(0.0, description="Tracks done")

    async def show(self, done: int, total: int) -> None:
        """Move the bar; quietly skipped when the last update was a moment ago."""
        now = time.monotonic()
        due = done == total or now - self._updated_at >= _SECONDS_BETWEEN_UPDATES
        if self._artifact is None or not due or self._outage.lasts:
            return
        self._updated_at = now
        percent = 100.0 * done / max(1, total)
        with _gap("the progress", self._outage):
            await aupdate_progress_artifact(
                self._artifact, percent, description=f"{done} of {total} tracks"
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
