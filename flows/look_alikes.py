"""Rows of a run that look alike and were left apart: for a person to judge, never acted upon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.dedupe.suggestions import look_alikes
from tasks.tracks import Track

__all__ = ["MOST", "LookAlike", "find_look_alikes"]

MOST = 30


@dataclass(frozen=True, kw_only=True)
class LookAlike:
    """Two rows by name and page address; `why` says how alike their titles are."""

    one: str
    other: str
    why: str
    one_url: str = ""
    other_url: str = ""


def find_look_alikes(tracks: Sequence[Track]) -> tuple[LookAlike, ...]:
    """The 30 most alike pairs among `tracks`, rows that nothing exact joins."""
    rows = {track.page_id: track for track in tracks if track.title}
    titles = {page_id: track.label for page_id, track in rows.items()}
    return tuple(
        LookAlike(
            one=titles[pair.one],
            other=titles[pair.other],
            why="the titles say the same" if pair.certain else f"{pair.likeness:.0%} alike",
            one_url=rows[pair.one].page_url,
            other_url=rows[pair.other].page_url,
        )
        for pair in look_alikes(titles, at_most=MOST)
    )
