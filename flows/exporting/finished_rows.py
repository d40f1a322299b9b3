"""The finished rows of the library, remembered between exports.

A listing of the whole library costs a request for a hundred rows. So in a large library a run asks
only for rows that were edited since the last listing, and for all of them once a week, or when an
export is asked for: only then it is seen that a row was thrown away. Notion gives rows in the order
of their making, but shows its time to the minute: two rows of one minute that were finished by two
runs may stand the other way round until then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from tasks.disk.whole_files import keep_whole, read_document
from tasks.notion.client import NotionClient
from tasks.notion.filters import query_filter
from tasks.notion.playlists import PlaylistNames
from tasks.notion.queries import find_row, matching_pages
from tasks.notion.rows import to_track
from tasks.notion.schema import Schema
from tasks.tracks import Track, TrackFilter

_WHOLE_EVERY = timedelta(days=7)
# Times of rows are whole minutes, and a query may lag behind.
_OVERLAP = timedelta(minutes=10)
_SMALL = 1_000
_DONE = TrackFilter.MISSING_EAGLE
"""Its query finds every row that is ticked."""


@dataclass(kw_only=True)
class FinishedRows:
    """What is known: the rows by page id, of which data source, and when they were listed."""

    source: str
    whole_at: str = ""
    listed_at: str = ""
    rows: dict[str, Track] = field(default_factory=dict)

    def serves(self, source: str, now: datetime) -> bool:
        """True if what changed since the last listing is all that has to be asked for."""
        if self.source != source or not self.whole_at or len(self.rows) < _SMALL:
            return False
        return now - datetime.fromisoformat(self.whole_at) < _WHOLE_EVERY


_KNOWN = TypeAdapter(FinishedRows)


async def read_finished(
    notion: NotionClient,
    schema: Schema,
    names: PlaylistNames,
    file: Path,
    *,
    changed: Collection[str] = (),
    whole: bool = False,
) -> list[Track]:
    """Every finished row with the names of its playlists, oldest first. Raises NotionError.

    `changed` are rows that were just worked on, which a query may not show yet. `whole` lists all.
    What is known is kept in `file`.
    """
    now = datetime.now(UTC) + notion.clock_offset
    known = read_document(file, _KNOWN.validate_python) or FinishedRows(source="")
    if whole or not known.serves(schema.data_source_id, now):
        known = FinishedRows(source=schema.data_source_id, whole_at=now.isoformat())
    await _update(known, notion, schema, names, changed)
    known.listed_at = now.isoformat()
    keep_whole(file, _KNOWN.dump_json(known))
    return sorted(known.rows.values(), key=lambda row: row.created_time)


async def _update(
    known: FinishedRows,
    notion: NotionClient,
    schema: Schema,
    names: PlaylistNames,
    changed: Collection[str],
) -> None:
    conditions = query_filter(_DONE, schema)
    if known.listed_at:
        since = datetime.fromisoformat(known.listed_at) - _OVERLAP
        edited = {"on_or_after": since.isoformat(timespec="seconds")}
        # Also rows that are no longer ticked, so that they leave.
        conditions = {"and": [{"timestamp": "last_edited_time", "last_edited_time": edited}]}
    found = [to_track(page, schema) async for page in matching_pages(notion, schema, conditions)]
    shown = {row.page_id for row in found}
    unseen = [await find_row(notion, schema, each) for each in sorted(set(changed) - shown)]
    found += [row for row in unseen if row is not None]
    await names.prepare(found)
    for row in found:
        if row.downloaded and not row.in_trash and not row.is_duplicate:
            known.rows[row.page_id] = _kept(await names.of(row))
        else:
            known.rows.pop(row.page_id, None)


def _kept(row: Track) -> Track:
    """The row without what no export needs, as little as may be stored."""
    return replace(row, lock="", statuses=(), tags=(), fingerprint="", playlist_ids=())
