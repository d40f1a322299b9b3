"""A Music Tracks database of a test's own making: other property types, names and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_client import Client

from sandbox.builders import Builder
from sandbox.notion.pages import update_page
from sandbox.threaded import RunningSandbox
from sandbox.world import ROOT_PAGE_ID, TRACK_PROPERTIES, World, _value
from tests.conftest import calm

Types = dict[str, Any]

USUAL: Types = dict(TRACK_PROPERTIES)


def types(*without: str, **changes: Any) -> Types:
    """The usual properties, some of another type (`Playlists="select"`; `_` stands for a space)."""
    changed = USUAL | {name.replace("_", " "): kind for name, kind in changes.items()}
    return {name: kind for name, kind in changed.items() if name not in without}


class Database:
    """Fills the sandbox's workspace while it is built; rows may be added later as well.

    A type is a name, or the whole configuration as the API takes it; `relation` leads to the
    Playlists database.
    """

    def __init__(self, properties: Types) -> None:
        self.properties = properties
        self.world: World
        self.pages: list[str] = []

    def builder(self, *rows: dict[str, Any]) -> Builder:
        """What `sandbox_factory(build=…)` takes; a row is what `add` takes."""

        def build(world: World) -> None:
            self.world = world
            world.add_root_page()
            made = world._made
            made.playlists_db, made.playlists_source = world.notion.create_database(
                ROOT_PAGE_ID, "Playlists", {"Name": {"title": {}}}
            )
            made.tracks_db, made.tracks_source = world.notion.create_database(
                ROOT_PAGE_ID,
                "Music Tracks",
                {
                    name: self._config(kind, made.playlists_source)
                    for name, kind in self.properties.items()
                },
            )
            for row in rows:
                self.add(**row)

        return build

    def add(self, *, audio: Any = "", seconds: float = 5.0, **values: Any) -> str:
        """The page id of a new row. `audio` names a SoundCloud track made for it, if any."""
        plain = {name.replace("_", " "): value for name, value in values.items()}
        if audio:
            track = self.world.soundcloud.catalogue.add_track(audio, "Nova", seconds=seconds)
            plain = {"SoundCloud URL": track.url} | plain
        page_id = self.world.notion.create_page(self.world._made.tracks_source, self._json(plain))
        self.pages.append(page_id)
        return page_id

    def playlists(self, *names: str) -> list[str]:
        """Page ids of playlists by name."""
        return [self.world.add_playlist(name) for name in names]

    def values(self, page_id: str) -> dict[str, Any]:
        """A row's plain values by property name, whether it is in the trash or not."""
        return self.world.notion.row(page_id)

    def _json(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        kinds = {name: kind_of(kind) for name, kind in self.properties.items()}
        return {name: json_value(kinds[name], value) for name, value in plain.items()}

    @staticmethod
    def _config(kind: Any, playlists: str) -> dict[str, Any]:
        if not isinstance(kind, str):
            return dict(kind)
        if kind != "relation":
            return {kind: {}}
        related = {"data_source_id": playlists, "type": "single_property", "single_property": {}}
        return {"relation": related}


def kind_of(kind: Any) -> str:
    """A type's name."""
    return kind if isinstance(kind, str) else next(iter(kind))


def json_value(kind: str, value: Any) -> dict[str, Any]:
    """A plain value as the API takes it."""
    return {"status": {"name": value}} if kind == "status" else _value(kind, value)


def writes(sandbox: RunningSandbox, page_id: str) -> list[dict[str, Any]]:
    """What was written into a page, oldest first: plain values by property name."""
    commits = sandbox.ledger.entries(event="commit", service="notion", page_id=page_id)
    return [entry.get("properties", {}) for entry in commits]


def told_by_eagle(sandbox: Any) -> None:
    """What was changed in Eagle is told of, which takes the app a second."""
    with sandbox.eagle.lock:
        sandbox.eagle.library.flush()


def put_in_trash(sandbox: RunningSandbox, page_id: str) -> None:
    """A person throws a row away."""
    objects = sandbox.notion.objects
    with objects.guard:
        update_page(objects, page_id, {"in_trash": True})
        objects.flush()


def relate_rows(sandbox: RunningSandbox, name: str) -> None:
    """Add a relation `name` from rows to rows, which needs the database to exist."""
    source = sandbox.world.tracks_source
    related = {"data_source_id": source, "type": "single_property", "single_property": {}}
    environment = sandbox.environment
    client = Client(auth=environment["NOTION_TOKEN"], base_url=environment["NOTION_BASE_URL"])
    changes = {"properties": {name: {"relation": related}}}
    with calm(sandbox):
        client.request(f"data_sources/{source}", "PATCH", body=changes)
