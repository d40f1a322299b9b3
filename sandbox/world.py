"""The databases, rows, tracks and items that a sandbox begins with, and how to add more.

A `World` remembers what it made (`world.json` in the state folder), so that a restart and a test
find the same ids. The Music Tracks database has the properties and types of a real one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.eagle.eagle import EagleApp
from sandbox.notion.pages import update_page
from sandbox.notion.store import NotionStore
from sandbox.soundcloud import SoundCloudStandIn
from sandbox.soundcloud.recordings import Recordings

ROOT_PAGE_ID = "00000000-0000-4000-8000-000000000001"
ROOT_PAGE_TITLE = "Tests"

TRACK_PROPERTIES: dict[str, str] = {
    "Title": "title",
    "Artist Name": "rich_text",
    "Album": "rich_text",
    "Genre": "select",
    "DL": "checkbox",
    "SoundCloud URL": "url",
    "Spotify URL": "url",
    "YouTube URL": "url",
    "WAV File Path": "rich_text",
    "AIFF File Path": "rich_text",
    "M4A File Path": "rich_text",
    "Eagle File ID": "rich_text",
    "WAV Fingerprint": "rich_text",
    "Processing Lock": "rich_text",
    "Audio Processing Status": "multi_select",
    "Playlists": "relation",
    "Audio Duration (seconds)": "number",
    "Spotify ID": "rich_text",
    "SoundCloud ID": "rich_text",
    "Tempo": "number",
    "Key": "rich_text",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of Music Tracks and, where there is one, the SoundCloud track behind it."""

    page_id: str
    title: str
    artist: str
    url: str = ""
    seconds: float = 0.0
    track_id: int = 0
    condition: str = ""
    playlists: tuple[str, ...] = ()


@dataclass
class _Made:
    """What `world.json` holds."""

    tracks_db: str = ""
    tracks_source: str = ""
    playlists_db: str = ""
    playlists_source: str = ""
    playlists: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    is_complete: bool = False


class World:
    """Adds to the stand-ins; every method may be used before and while they serve."""

    def __init__(
        self,
        file: Path,
        notion: NotionStore,
        eagle: EagleApp,
        soundcloud: SoundCloudStandIn,
    ) -> None:
        self.notion = notion
        self.eagle = eagle
        self.soundcloud = soundcloud
        self._file = file
        self._made = _Made(**json.loads(file.read_text("utf-8"))) if file.exists() else _Made()

    def build(self, builder: Callable[[World], object]) -> None:
        """Let `builder` fill a fresh state; one that is filled already stays as it is.

        Raises FileExistsError if an earlier builder did not come to its end.
        """
        if self._made.is_complete:
            return
        if self._file.exists():
            raise FileExistsError(f"{self._file.parent} was left half-built; remove it")
        self._save()
        builder(self)
        self._made.is_complete = True
        self._save()

    @property
    def tracks_db(self) -> str:
        """Id of the Music Tracks database; empty if there is none."""
        return self._made.tracks_db

    @property
    def tracks_source(self) -> str:
        """Id of its data source."""
        return self._made.tracks_source

    @property
    def playlists_db(self) -> str:
        """Id of the Playlists database; empty if there is none."""
        return self._made.playlists_db

    @property
    def playlists(self) -> dict[str, str]:
        """Page ids of the playlists by name."""
        return dict(self._made.playlists)

    @property
    def rows(self) -> list[Row]:
        """The rows made so far, in order."""
        return [Row(**{**row, "playlists": tuple(row["playlists"])}) for row in self._made.rows]

    def add_root_page(self) -> None:
        """The page that everything else lies below."""
        self.notion.create_root_page(ROOT_PAGE_ID, ROOT_PAGE_TITLE)

    def add_databases(self) -> None:
        """Playlists and Music Tracks, without rows."""
        made = self._made
        made.playlists_db, made.playlists_source = self.notion.create_database(
            ROOT_PAGE_ID, "Playlists", {"Name": {"title": {}}}
        )
        relation = {
            "data_source_id": made.playlists_source,
            "type": "single_property",
            "single_property": {},
        }
        schema: dict[str, dict[str, Any]] = {
            name: {kind: relation if kind == "relation" else {}}
            for name, kind in TRACK_PROPERTIES.items()
        }
        made.tracks_db, made.tracks_source = self.notion.create_database(
            ROOT_PAGE_ID, "Music Tracks", schema
        )

    def add_playlist(self, name: str) -> str:
        """The page id of playlist `name`, made if it is missing."""
        if name not in self._made.playlists:
            self._made.playlists[name] = self.notion.create_page(
                self._made.playlists_source, {"Name": _value("title", name)}
            )
        return self._made.playlists[name]

    def add_track(
        self,
        title: str,
        artist: str,
        *,
        seconds: float = 40.0,
        genre: str = "House",
        condition: str = "ordinary",
        playlists: Sequence[str] = (),
        properties: dict[str, Any] | None = None,
    ) -> Row:
        """A SoundCloud track in `condition` and a fresh row for it.

        `properties` lie over the row's own, by property name, as plain values (text, bool, number,
        lists of names; for `Playlists` page ids).
        """
        track = self.soundcloud.catalogue.add_track(
            title, artist, seconds=seconds, genre=genre, condition=condition
        )
        page_id = self._create_row(
            {
                "Title": title,
                "Artist Name": artist,
                "Genre": genre,
                "SoundCloud URL": track.url,
                "Playlists": [self.add_playlist(name) for name in playlists],
            }
            | (properties or {})
        )
        row = Row(
            page_id=page_id,
            title=title,
            artist=artist,
            url=track.url,
            seconds=track.seconds,
            track_id=track.id,
            condition=condition,
            playlists=tuple(playlists),
        )
        return self._add(row)

    def add_row(self, properties: dict[str, Any]) -> Row:
        """A row with `properties` (plain values, as in `add_track`) and no new track behind it."""
        row = Row(
            page_id=self._create_row(properties),
            title=properties.get("Title", ""),
            artist=properties.get("Artist Name", ""),
            url=properties.get("SoundCloud URL") or "",
        )
        return self._add(row)

    def update_row(self, page_id: str, properties: dict[str, Any]) -> None:
        """Write plain values into a row, as a person does in Notion: past the ledger."""
        objects = self.notion.objects
        with objects.guard:
            update_page(objects, page_id, {"properties": _values(properties)})
            objects.flush()

    def add_eagle_folder(self, *path: str) -> str:
        """The id of the Eagle folder below `path`, made with its parents where they are missing."""
        parent, inside = None, self.eagle.library.root["folders"]
        for name in path:
            found = next((folder for folder in inside if folder["name"] == name), None)
            parent = found["id"] if found else self.eagle.create_folder(name, parent)
            place = self.eagle.folder(parent)
            inside = place[-1]["children"] if place else []
        return parent or ""

    def add_eagle_item(self, row: Row, ext: str, *, folders: Sequence[str] = ()) -> str:
        """The row's track, as it sounds, as an Eagle item of kind `ext` (wav or aiff); its id."""
        catalogue = self.soundcloud.catalogue
        track = catalogue.track(row.track_id)
        if track is None:
            raise KeyError(f"{row.title} has no track on SoundCloud.")
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as apart:
            recordings = Recordings(Path(folder), seed=catalogue.seed)
            making = recordings.original(dataclasses.replace(track, original=ext))
            file = apart.submit(asyncio.run, making).result()
            return self.eagle.add_item(
                file, name=f"{row.artist} - {row.title}", ext=ext, url=row.url, folders=folders
            )

    def values_of(self, page_id: str) -> dict[str, Any]:
        """What a row holds now, by property name, as plain values (never behind, as GET is)."""
        return self.notion.rows(self._made.tracks_source)[page_id]

    def values_of_all(self) -> list[dict[str, Any]]:
        """The same for every row of Music Tracks that is not in the trash, oldest first."""
        return list(self.notion.rows(self._made.tracks_source).values())

    def _add(self, row: Row) -> Row:
        self._made.rows.append(asdict(row))
        if self._made.is_complete:
            self._save()
        return row

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self._made), ensure_ascii=False), "utf-8")
        fresh.replace(self._file)

    def _create_row(self, properties: dict[str, Any]) -> str:
        return self.notion.create_page(self._made.tracks_source, _values(properties))


def _values(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(TRACK_PROPERTIES[name], value) for name, value in properties.items()}


def _value(kind: str, value: Any) -> dict[str, Any]:
    """A plain value as the API takes it for a property of type `kind`."""
    if kind in {"title", "rich_text"}:
        return {kind: [{"type": "text", "text": {"content": value}}] if value else []}
    if kind == "select":
        return {kind: {"name": value} if value else None}
    if kind == "multi_select":
        return {kind: [{"name": name} for name in value]}
    if kind == "relation":
        return {kind: [{"id": page_id} for page_id in value]}
    return {kind: value if value != "" else None}
