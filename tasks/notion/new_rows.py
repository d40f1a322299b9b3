"""Rows put into the tracks database, and the playlist pages they relate to, each found first.

A query may lag behind a write by seconds to a minute (docs/facts/notion.md, "Queries lag behind
writes"), so what this machine has made within the last hour is remembered and asked for by its id.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.errors import SyncError
from tasks.locks.hold import hold_rows, write_decided
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import TrackLocks
from tasks.notion.client import NotionClient
from tasks.notion.listing import list_rows
from tasks.notion.playlists import with_whole_relations
from tasks.notion.properties import Field
from tasks.notion.queries import find_page, find_row, find_rows
from tasks.notion.rows import page_title, to_track
from tasks.notion.schema import Schema
from tasks.notion.trash import set_in_trash
from tasks.notion.values import playlist_key
from tasks.notion.writes import property_values
from tasks.retrying import PATIENT, retrying
from tasks.tracks import Track

Json = dict[str, Any]

_LAG_SECONDS = 3600.0


class JustMade:
    """Pages made on this machine within the last hour, by what they were made for."""

    def __init__(self, state_dir: Path) -> None:
        self._journal = Journal(state_dir / "added.jsonl")
        self._pages: dict[str, str] = {}
        loss = "What was just made is looked for in Notion alone."
        for key, page_id, at in self._journal.read_or_lose(_page_made, loss):
            if 0 <= time.time() - at < _LAG_SECONDS:
                self._pages[key] = page_id

    def ids(self, keys: Iterable[str]) -> list[str]:
        """The ids of the pages made for any of `keys`, each once."""
        return list(dict.fromkeys(self._pages[key] for key in keys if key in self._pages))

    def note(self, keys: Iterable[str], page_id: str) -> None:
        """Remember a page; if the disk refuses, it is remembered by this process alone."""
        lines = [{"key": key, "page_id": page_id, "at": time.time()} for key in keys]
        self._pages |= {str(line["key"]): page_id for line in lines}
        self._journal.note(*lines)


class NewRows:
    """The tracks database, to look for rows and to add some.

    `settling` is how long, in seconds, a query may not show what was written: 2.4 s as a rule.
    """

    settling = 5.0

    def __init__(
        self, client: NotionClient, schema: Schema, locks: TrackLocks, just_made: JustMade
    ) -> None:
        self._client = client
        self._locks = locks
        self._schema = schema
        self._just_made = just_made

    async def find(
        self, paths: Iterable[str], numbers: Iterable[str], keys: Iterable[str]
    ) -> list[Track]:
        """Rows that may hold one of these tracks; a superset, to be compared by canonical key.

        `paths` are `artist/title`, `numbers` SoundCloud's ids, `keys` those of `JustMade`.
        """
        numbers = list(numbers)  # they may stand in an address as well
        rows = await find_rows(self._client, self._schema, [*paths, *numbers], numbers)
        found: dict[str, Track | None] = {row.page_id: row for row in rows}
        for page_id in self._just_made.ids(keys):
            found[page_id] = await find_row(self._client, self._schema, page_id)
        return [track for track in found.values() if track is not None and not track.in_trash]

    async def playlist(self, name: str) -> str | None:
        """The id of the related playlist page titled `name`, made if there is none.

        None where playlists are no relation: then the name itself is the value.
        """
        if Field.PLAYLISTS not in self._schema:
            return None
        source = self._schema[Field.PLAYLISTS].config.get("data_source_id")
        if self._schema[Field.PLAYLISTS].type != "relation" or not source:
            return None
        key = f"playlist:{source}:{playlist_key(name)}"
        for page_id in self._just_made.ids([key]):
            page = await find_page(self._client, page_id)
            if page is not None and not (page.get("in_trash") or page.get("archived")):
                return page_id
        title = await self._title_of(source)
        found = await self._titled(source, title, name)
        if found is None:
            value = {"title": [{"type": "text", "text": {"content": name[:2000]}}]}
            found = await self._create(source, {title: value})
            found = await self._agreed_playlist(source, title, name, found)
            self._just_made.note([key], found)
        return found

    async def add(
        self, values: Mapping[Field, Any], keys: Iterable[str], playlist: str, relation: str | None
    ) -> str:
        """The id of a new row. Raises NotionError; `maybe_applied` tells if it may be there."""
        values = dict(values)
        if playlist:
            values[Field.PLAYLISTS] = [relation or playlist]
        written = property_values(self._schema, values)
        page_id = await self._create(self._schema.data_source_id, written)
        self._just_made.note(keys, page_id)
        return page_id

    async def take_back(self, ours: str, twin: str) -> bool:
        """Put a row of ours into Notion's trash, for another of its track; True if it is there.

        Only a row that was just made here, and that nobody has put anything into since. Both are
        claimed, so of two machines that each have such a row one gives up its own. Raises LockError
        if another process is at work on one of them.
        """
        if not self._locks.enabled:
            return False
        async with hold_rows(self._locks, (ours, twin)) as rows:
            if not _is_as_made(to_track(rows[ours].row.page, self._schema)):
                return False
            await rows[ours].finish({})  # Notion frees no row that is in the trash
            await set_in_trash(self._client, ours, is_trashed=True)
        return True

    async def put_into(self, listed: Track, playlist: str, relation: str | None) -> bool:
        """Add the playlist to those of a row, whose others stay; False if it is there already.

        The row is read right before, and claimed if somebody's lock stands on it. Raises LockError
        if another process works on it.
        """
        if not playlist or not self._schema.writes(Field.PLAYLISTS):
            return False
        if self._with(listed, playlist, relation) is None:
            return False

        async def decide(row: LockRow) -> Mapping[str, Any]:
            key = self._schema[Field.PLAYLISTS].id
            page = await with_whole_relations(self._client, row.page, [key])
            value = self._with(to_track(page, self._schema), playlist, relation)
            return property_values(self._schema, {Field.PLAYLISTS: value})

        return await write_decided(self._locks, listed.page_id, decide) is not None

    def _with(self, row: Track, playlist: str, relation: str | None) -> object:
        """The row's playlists and this one; None if it is there, or the row has no room for it."""
        if relation is not None:
            return None if relation in row.playlist_ids else [*row.playlist_ids, relation]
        known = {playlist_key(name) for name in row.playlists}
        if playlist_key(playlist) in known or self.other_playlist(row, playlist):
            return None
        return [*row.playlists, playlist]

    def other_playlist(self, row: Track, playlist: str) -> str:
        """The playlist that a row is in where the property is a select, which holds one; "" if
        `playlist` has room, or is it.
        """
        if not playlist or not self._schema.writes(Field.PLAYLISTS):
            return ""
        is_single = self._schema[Field.PLAYLISTS].type == "select"
        there = next(iter(row.playlists), "") if is_single else ""
        return "" if playlist_key(there) == playlist_key(playlist) else there

    async def _title_of(self, source: str) -> str:
        """The name of the title property, which every data source has one of."""
        found = await retrying(lambda: self._client.data_source(source), PATIENT)
        return next(str(n) for n, p in found["properties"].items() if p["type"] == "title")

    async def _titled(self, source: str, title: str, name: str) -> str | None:
        return next((str(page["id"]) for page in await self._all_titled(source, title, name)), None)

    async def _agreed_playlist(self, source: str, title: str, name: str, ours: str) -> str:
        """Which page is the playlist's, where several machines made one in the same seconds: the
        first by time and id, for each of them. Ours goes if it is not that; nothing is in it yet.
        """
        await self._locks.clock.sleep(self.settling)
        pages = await self._all_titled(source, title, name)
        _, first = min([(str(p["created_time"]), str(p["id"])) for p in pages] or [("", ours)])
        if first != ours and ours in {page["id"] for page in pages}:
            await set_in_trash(self._client, ours, is_trashed=True)
            return first
        return ours

    async def _all_titled(self, source: str, title: str, name: str) -> list[Json]:
        conditions: Json = {"property": title, "title": {"contains": name[:1000]}}
        found = list_rows(self._client, source, {"and": [conditions]})
        return [
            page async for page in found if playlist_key(page_title(page)) == playlist_key(name)
        ]

    async def _create(self, source: str, properties: Json) -> str:
        """Asked for again only if the page was surely not made."""
        body = {"parent": {"type": "data_source_id", "data_source_id": source}}
        made = await retrying(
            lambda: self._surely_not_made(body | {"properties": properties}), PATIENT
        )
        return str(made["id"])

    async def _surely_not_made(self, body: Json) -> Json:
        try:
            return await self._client.send("POST", "pages", body)
        except SyncError as error:
            if error.maybe_applied:
                raise SyncError(
                    f"{error} The page may have been made all the same.",
                    remedy="Run the command again in a minute: it finds what is there.",
                    maybe_applied=True,
                ) from error
            raise


def _is_as_made(row: Track) -> bool:
    """True if nothing has come of a new row yet."""
    told = row.downloaded, row.wav_path, row.aiff_path, row.eagle_id, row.statuses, row.tags
    return not any((*told, row.is_duplicate, row.in_trash))


def _page_made(line: Json) -> tuple[str, str, float]:
    return str(line["key"]), str(line["page_id"]), float(line["at"])
