"""Tables as data frames: the library's rows, the failures of past runs.

The one module that imports pandas, which takes half a second: it is imported where a table is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd


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
