"""Dates as filters compare them: a start, perhaps an end, and whether they are whole days."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sandbox.notion.times import instant


class Span(NamedTuple):
    """A date or a range of dates."""

    start: datetime
    end: datetime | None
    is_day: bool

    def as_json(self) -> dict[str, Any]:
        """The date as a formula or rollup shows it."""
        return {
            "start": self._shown(self.start),
            "end": None if self.end is None else self._shown(self.end),
            "time_zone": None,
        }

    def _shown(self, moment: datetime) -> str:
        if self.is_day:
            return moment.date().isoformat()
        return moment.isoformat(timespec="milliseconds")


def span_of(value: dict[str, Any] | None) -> Span | None:
    """A date property's value as a span."""
    if value is None:
        return None
    start = instant(value["start"])
    end = instant(value["end"]) if value["end"] else None
    if start is None:
        return None
    return Span(start[0], end[0] if end else None, is_day=start[1])
