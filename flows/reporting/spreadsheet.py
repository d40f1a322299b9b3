"""A run's results as a table for a spreadsheet.

By the standard library: pandas, which `frames` needs, takes half a second to import, and a run ends
without it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from tasks.tracks import TrackResult

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_COLUMNS = (
    "status", "artist", "title", "error_type", "error_message", "remedy", "action",
    "eagle_item_id", "eagle_aiff_item_id", "wav", "aiff", "playlist_wav", "duration_seconds",
    "bpm", "key", "fingerprint", "processing_time_seconds", "source_url", "page_url", "page_id",
    "dedupe_keeper_id",
)  # fmt: skip


def results_csv(results: Sequence[TrackResult]) -> str:
    """A row a result, every text as a cell that no spreadsheet takes for a formula.

    It begins with the mark by which Excel knows UTF-8.
    """
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(result) for result in results)
    return text.getvalue()


def _row(result: TrackResult) -> dict[str, Any]:
    plain = result.to_dict()
    plain |= plain.pop("file_paths")
    return {
        name: spreadsheet_safe(value) if isinstance(value, str) else value
        for name, value in plain.items()
    }


def spreadsheet_safe(text: str) -> str:
    """`text` with an apostrophe before it, if it could be a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
