"""All objects of the workspace in memory, each change noted in the journal.

Nothing here knows HTTP. Records are never altered: `change` puts a new version in an old one's
place, so that a query may go on showing the old one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from sandbox.notion.errors import ApiError, not_found
from sandbox.notion.richtext import plain
from sandbox.notion.users import BOT_ID
from sandbox.notion.workspace.journal import Journal
from sandbox.notion.workspace.records import Database, DataSource, Page, Record

R = TypeVar("R", bound=Record)

_KINDS: tuple[type[Record], ...] = (Page, Database, DataSource)


class Objects:
    """The workspace. `on_page` is called with every new version of a page."""

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], datetime],
        on_page: Callable[[Page], None] = lambda _: None,
    ) -> None:
        self.guard = threading.RLock()
        self.pages: dict[str, Page] = {}
        self.databases: dict[str, Database] = {}
        self.data_sources: dict[str, DataSource] = {}
        self.children: dict[str, list[str]] = {}
        self._clock = clock
        self._journal = journal
        self._on_page = on_page
        self._count = 0
        self._restore()

    def now(self) -> datetime:
        """Notion's time."""
        return self._clock()

    def milliseconds(self) -> int:
        """Notion's time in milliseconds since 1970."""
        return int(self._clock().timestamp() * 1000)

    def stamp(self) -> dict[str, Any]:
        """The fields of a record that is being made."""
        now = self.milliseconds()
        return {
            "created": now,
            "edited": now,
            "created_by": BOT_ID,
            "edited_by": BOT_ID,
            "sequence": self._next(),
        }

    def put(self, record: R) -> R:
        """Keep a new record, or a new version of one."""
        record = dataclasses.replace(record, revision=self._next())
        self._shelf(type(record))[record.id] = record
        self._journal.note(record.kind, record.as_json())
        if isinstance(record, Page):
            self._on_page(record)
        return record

    def change(self, record: R, **fields: Any) -> R:
        """A new version of `record` with `fields` instead, edited now."""
        changed: dict[str, Any] = {"edited": self.milliseconds(), "edited_by": BOT_ID} | fields
        return self.put(dataclasses.replace(record, **changed))

    @contextlib.contextmanager
    def undoing_schemas(self) -> Iterator[None]:
        """Within it, a refusal leaves databases and data sources as they were."""
        databases, sources = dict(self.databases), dict(self.data_sources)
        try:
            yield
        except ApiError:
            self._put_back(self.databases, databases)
            self._put_back(self.data_sources, sources)
            raise

    def rows(self, data_source_id: str) -> list[Page]:
        """All rows of a data source, trashed ones too, in the order of their creation."""
        return [page for page in self.pages.values() if page.data_source_id == data_source_id]

    def title_of(self, object_id: str) -> str | None:
        """The plain title of a page, database or data source; None if there is none."""
        page = self.pages.get(object_id)
        if page is not None:
            return plain(page.values.get("title"))
        named = self.databases.get(object_id) or self.data_sources.get(object_id)
        return None if named is None else plain(named.title)

    def order(self, parent_id: str, children: list[str]) -> None:
        """Make `children` what stands under `parent_id`, in this order."""
        self.children[parent_id] = children
        self._journal.note("children", {"id": parent_id, "ids": children})

    def append_child(self, parent_id: str, child_id: str) -> None:
        """Put a child behind the others."""
        self.order(parent_id, [*self.children.get(parent_id, []), child_id])

    def remove_child(self, parent_id: str, child_id: str) -> None:
        """Take a child away, as when it is moved."""
        kept = [each for each in self.children.get(parent_id, []) if each != child_id]
        self.order(parent_id, kept)

    def children_of(self, parent_id: str) -> Iterator[Page | Database]:
        """What stands under a page, in order, without what is in the trash itself."""
        for child_id in self.children.get(parent_id, []):
            child = self.content(child_id)
            if child is not None and not child.in_trash:
                yield child

    def content(self, object_id: str) -> Page | Database | None:
        """The page or database with this id."""
        return self.pages.get(object_id) or self.databases.get(object_id)

    def page(self, page_id: str) -> Page:
        """A page. Raises ApiError 404 if there is none."""
        return self._one(self.pages, "page", page_id)

    def database(self, database_id: str) -> Database:
        """A database. Raises ApiError 404 if there is none."""
        return self._one(self.databases, "database", database_id)

    def data_source(self, data_source_id: str) -> DataSource:
        """A data source. Raises ApiError 404 if there is none."""
        return self._one(self.data_sources, "data_source", data_source_id)

    def block(self, block_id: str) -> Page | Database:
        """What can be asked for as a block. Raises ApiError 404 if there is none."""
        found = self.content(block_id)
        if found is None:
            raise not_found("block", block_id)
        return found

    def has_trashed_ancestor(self, record: Record) -> bool:
        """True if something above `record` is in the trash."""
        above = self._above(record)
        while above is not None:
            if above.in_trash:
                return True
            above = self._above(above)
        return False

    def lies_within(self, record: Record, above_id: str) -> bool:
        """True if `record` is the object with this id or stands somewhere under it."""
        here: Record | None = record
        while here is not None:
            if here.id == above_id:
                return True
            here = self._above(here)
        return False

    def is_trashed(self, record: Record) -> bool:
        """True if `record` or something above it is in the trash (changelog of 2022-02-28)."""
        return record.in_trash or self.has_trashed_ancestor(record)

    def flush(self) -> None:
        """Hand the journal to the operating system."""
        self._journal.flush()

    def close(self) -> None:
        """Let go of the journal's file."""
        self._journal.close()

    def _above(self, record: Record) -> Record | None:
        parent = record.parent
        if "data_source_id" in parent:
            return self.data_sources.get(parent["data_source_id"])
        if "database_id" in parent:
            return self.databases.get(parent["database_id"])
        above = parent.get("page_id")
        return None if above is None else self.content(above)

    def _one(self, shelf: dict[str, R], kind: str, object_id: str) -> R:
        found = shelf.get(object_id)
        if found is None:
            raise not_found(kind, object_id)
        return found

    def _put_back(self, shelf: dict[str, R], before: dict[str, R]) -> None:
        for made in shelf.keys() - before.keys():
            self._journal.note(shelf[made].kind, shelf[made].as_json() | {"in_trash": True})
        for key, former in before.items():
            if shelf[key] is not former:
                self._journal.note(former.kind, former.as_json())
        shelf.clear()
        shelf.update(before)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _shelf(self, kind: type[Record]) -> dict[str, Any]:
        shelves: dict[type[Record], dict[str, Any]] = {
            Page: self.pages,
            Database: self.databases,
            DataSource: self.data_sources,
        }
        return shelves[kind]

    def _restore(self) -> None:
        kinds = {kind.kind: kind for kind in _KINDS}
        for name, fields in self._journal.restored():
            if name == "children":
                self.children[fields["id"]] = fields["ids"]
                continue
            if name not in kinds:  # a state folder of an older sandbox, which kept more
                continue
            record = kinds[name](**fields)
            self._shelf(type(record))[record.id] = record
            self._count = max(self._count, record.sequence, record.revision)
            if isinstance(record, Page):
                self._on_page(record)
