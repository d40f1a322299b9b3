"""What a run leaves in Prefect's UI: a summary to read, a table to look things up.

Pure text and rows are made here; only `publish` talks to Prefect.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_table_artifact,
)

from flows.prefect_server.automations import tell_failures
from flows.prefect_server.outage import record_gap
from flows.prefect_server.own_server import GONE
from flows.summary import SHARE, SyncSummary
from tasks.errors import SyncError
from tasks.shown_text import counted, shown, web_address, without_secrets
from tasks.tracks import TrackResult

_ROWS = 500
_FAILURES_SHOWN = 50
_BAR_WIDTH = 24


def summary_markdown(summary: SyncSummary) -> str:
    """The run as Markdown: verdict, failures first with what to do, counts as bars."""
    code = summary.return_code
    done = f"{summary.count('processed')} of {counted(summary.found, 'track')} processed"
    parts = [f"## {summary.mode}: {done}\n", f"{code.meaning}.\n"]
    if summary.error:
        parts.append(f"**The run stopped:** {_cell(summary.error)}\n")
    if summary.failures:
        parts.append(_failures(summary.failures))
    parts.append(_counts(summary))
    parts += [f"- {warning}" for warning in summary.warnings]
    facts = f"Return code **{int(code)}**, {summary.duration_seconds:.1f} s"
    parts.append(f"\n{facts}, filter `{summary.track_filter}`.")
    return "\n".join(parts)


def _failures(failures: list[TrackResult]) -> str:
    """A list, since the UI's tables do not wrap: what to do would lie out of sight."""
    kinds = Counter(str(r.error_type or SyncError.value) for r in failures)
    head = ", ".join(f"{number} × {kind}" for kind, number in kinds.most_common())
    items = [_failure(result) for result in failures[:_FAILURES_SHOWN]]
    more = len(failures) - len(items)
    tail = [f"\n… and {more} more in the table."] if more > 0 else []
    return "\n".join([f"### Failed: {head}\n", *items, *tail]) + "\n"


def _failure(result: TrackResult) -> str:
    link = _link(result.title, result.artist, result.page_url)
    kind = result.error_type or SyncError.value
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
            "Source": _web_link("source", result.source_url),
            "Seconds": round(result.processing_time_seconds, 1),
            "Eagle id": result.eagle_item_id or "",
            "Why": without_secrets(shown(result.error_message or result.action)),
        }
        for result in summary.failures_first[:_ROWS]
    ]


async def publish(summary: SyncSummary) -> None:
    """Create the summary and the table for the current flow run, if its server answers.

    A share's have keys of their own: under one key the UI shows the newest as the current one.
    """
    if GONE.is_set():
        return
    key = "library-sync-share" if summary.mode == SHARE else "library-sync"
    with record_gap("the summary"):
        await acreate_markdown_artifact(
            summary_markdown(summary), key=f"{key}-summary", description="Summary of the run"
        )
        if summary.results:
            await acreate_table_artifact(
                table_rows(summary), key=f"{key}-results", description="What became of each track"
            )
    tell_failures(summary)


def _link(title: str, artist: str, url: str) -> str:
    label = _cell(f"{artist} - {title}" if artist else title)
    return _web_link(label, url)


def _web_link(label: str, url: str) -> str:
    address = web_address(without_secrets(url))
    return f"[{label}]({address})" if address else label


def _cell(text: str | None) -> str:
    """Text safe inside a table cell of Markdown."""
    plain = " ".join(without_secrets(shown(text or "")).split())
    for character in "\\|[]<>":
        plain = plain.replace(character, "\\" + character)
    return plain[:300]
