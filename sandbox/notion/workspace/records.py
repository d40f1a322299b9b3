"""What the stand-in keeps: one frozen record an object, replaced whole on every change.

Times are milliseconds since 1970. `revision` counts changes over the whole store, so that of two
versions of a page the later one is known; `sequence` counts creations and never changes, so that
the order of creation is total although times are shown to the minute.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

Json = dict[str, Any]
Schema = dict[str, Json]
"""Property id → its configuration: `{"id", "name", "description", "type", <type>: {...}}`."""

PLAIN_SCHEMA: Schema = {"title": {"id": "title", "name": "title", "type": "title", "title": {}}}
"""The properties of a page that is no row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What every object has."""

    kind: ClassVar[str] = ""

    id: str
    parent: Json
    created: int
    edited: int
    sequence: int = 0
    revision: int = 0
    created_by: str = ""
    edited_by: str = ""
    in_trash: bool = False

    def as_json(self) -> Json:
        """All fields, for the journal."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Record):
    """A page; `values` maps property ids to values (see values.py), `title` for a plain page."""

    kind: ClassVar[str] = "page"

    values: Json = field(default_factory=dict)
    icon: Json | None = None
    cover: Json | None = None
    is_archived: bool = False
    is_locked: bool = False

    @property
    def data_source_id(self) -> str | None:
        """The data source whose row this is, or None."""
        found = self.parent.get("data_source_id")
        return found if isinstance(found, str) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Database(Record):
    """The container of data sources."""

    kind: ClassVar[str] = "database"

    title: list[Json] = field(default_factory=list)
    description: list[Json] = field(default_factory=list)
    icon: Json | None = None
    cover: Json | None = None
    is_inline: bool = False
    is_locked: bool = False
    data_sources: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSource(Record):
    """A table: its schema by property id, and the last number given to a unique_id."""

    kind: ClassVar[str] = "data_source"

    title: list[Json] = field(default_factory=list)
    description: list[Json] = field(default_factory=list)
    icon: Json | None = None
    cover: Json | None = None
    schema: Schema = field(default_factory=dict)
    last_number: int = 0
