"""Tables as data frames: a run's results, the library's rows, the failures of past runs.

The one module that imports pandas, which takes half a second: it is imported where a table is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from tasks.tracks import TrackResult

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_COLUMNS = (
    "status", "artist", "title", "error_type", "error_message", "remedy", "action",
    "eagle_item_id", "eagle_aiff_item_id", "wav", "aiff", "playlist_wav", "duration_seconds",
    "bpm", "key", "fingerprint", "processing_time_seconds", "source_url", "page_url", "page_id",
    "dedupe_keeper_id",
)  # fmt: skip


def results_frame(results: Sequence[TrackResult]) -> pd.DataFrame:
    """A row a result, every text as a cell that no spreadsheet takes for a formula."""
    return pd.DataFrame([_row(result) for result in results], columns=list(_COLUMNS))


def as_csv(frame: pd.DataFrame) -> str:
    """The frame as CSV, with the mark by which Excel knows UTF-8."""
    return "\ufeff" + str(frame.to_csv(index=False))


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


def library_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A row of Notion's a row: what `flows/library/counts.py` knows of each."""
    return pd.DataFrame(list(rows))


def number_of(frame: pd.DataFrame, column: str) -> int:
    """In how many rows the column is true."""
    return int(frame[column].sum()) if column in frame else 0


def numbers_by(frame: pd.DataFrame, column: str) -> dict[str, int]:
    """How often each value of the column occurs, the most frequent first; lists count each of
    their values, empty values do not count.
    """
    if column not in frame:
        return {}
    values = frame[column].explode().dropna()
    counted = values[values != ""].value_counts()
    return {str(value): int(number) for value, number in counted.items()}


def failures_by_run(runs: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """How often each class of error occurs in each run, by the run's name; runs without are left
    out.
    """
    frame = pd.DataFrame.from_dict(dict(runs), orient="index")
    frame = frame.fillna(0).astype(int)
    return {
        str(run): {str(error): int(number) for error, number in row.items() if number}
        for run, row in frame.iterrows()
        if row.sum()
    }
