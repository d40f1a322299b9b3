"""A sync restricted to some rows, such as those `add --sync` has just put into Notion."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flows.session import Session
from flows.wanted import is_wanted
from tasks.errors import NotionNotFound
from tasks.notion.rows import to_track
from tasks.retrying import PATIENT, retrying
from tasks.tracks import Track

__all__ = ["only_chosen"]


async def only_chosen(
    session: Session, tracks: Sequence[Track], page_ids: Collection[str]
) -> list[Track]:
    """Those of `tracks` with one of `page_ids`, and the rows that a query does not show yet."""
    chosen = {track.page_id: track for track in tracks if track.page_id in page_ids}
    for page_id in sorted(set(page_ids) - chosen.keys()):
        row = await _row(session, page_id)
        if row is not None and is_wanted(session, row, session.track_filter):
            chosen[page_id] = row
    return list(chosen.values())


async def _row(session: Session, page_id: str) -> Track | None:
    try:
        page = await retrying(lambda: session.notion.page(page_id), PATIENT)
    except NotionNotFound:
        return None
    return to_track(page, session.schema)
