"""A page of rows asked for, and the first one of a run remembered from run to run.

What a run asks first depends on the schema, which takes a request to read. So the last run's
question is asked meanwhile; where this run has another, its answer is used for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.disk.whole_files import keep_whole, read_document
from tasks.tracks import TrackFilter

Json = dict[str, Any]


@dataclass(frozen=True)
class RowQuery:
    """One page of a data source; `only` are the properties' ids that are wanted, empty for all."""

    source_id: str
    body: Mapping[str, Any]
    only: tuple[str, ...] = ()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> RowQuery:
        """The query that was written down."""
        return cls(str(kept["source_id"]), dict(kept["body"]), tuple(map(str, kept["only"])))


class FirstQueries:
    """What runs on this machine asked a database first, by the filter they had."""

    def __init__(self, state_dir: Path, database_id: str) -> None:
        self._file = state_dir / "notion-first-queries.json"
        self._database_id = database_id

    def recall(self, track_filter: TrackFilter) -> RowQuery | None:
        """None if none is known."""
        return self._known().get(self._name(track_filter))

    def keep(self, track_filter: TrackFilter, query: RowQuery) -> None:
        """Write it down, if it is another than before; a disk that refuses is only said."""
        known, name = self._known(), self._name(track_filter)
        if known.get(name) != query:
            kept = {each: asdict(one) for each, one in (known | {name: query}).items()}
            keep_whole(self._file, json.dumps(kept))

    def _name(self, track_filter: TrackFilter) -> str:
        return f"{self._database_id} {track_filter}"

    def _known(self) -> dict[str, RowQuery]:
        return read_document(self._file, _understood) or {}


def _understood(kept: Any) -> dict[str, RowQuery]:
    return {str(name): RowQuery.of(query) for name, query in kept.items()}
