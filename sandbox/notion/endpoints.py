"""One function for each call of the API: what it checks before existence, what it answers, and
what the ledger is told.

A function gets a `Call` and gives the JSON to answer with, or raises ApiError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.ledger import Ledger
from sandbox.notion import databases, pages
from sandbox.notion.checks import absent, an_id
from sandbox.notion.paging import list_json, take
from sandbox.notion.properties.property_ids import wanted_properties
from sandbox.notion.properties.reading import plain_values
from sandbox.notion.properties.schemas import find_property
from sandbox.notion.queries.property_items import property_item
from sandbox.notion.queries.query import query
from sandbox.notion.queries.search import search
from sandbox.notion.shapes import OLDER_VERSION, Shapes
from sandbox.notion.store import NotionStore
from sandbox.notion.users import BOT_ID, USERS
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import PLAIN_SCHEMA, Page

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request that passed the checks of url, JSON, token and version.

    `names` are the parts of the path in braces; `query` holds the last value of each parameter,
    `filter_properties` all values of that one.
    """

    store: NotionStore
    ledger: Ledger
    version: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    filter_properties: Sequence[str]
    body: Json

    @property
    def objects(self) -> Objects:
        """The workspace."""
        return self.store.objects

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes of the version asked for."""
        return Shapes(self.store.objects, self.version)

    def id(self, name: str) -> str:
        """The id in the path. Raises ApiError 400 if it is none."""
        return an_id(self.names[name], f"path.{name}")

    def no_old_keys(self, *keys: str) -> None:
        """Refuse what the newer version took away."""
        if self.version != OLDER_VERSION:
            absent(self.body, "body", *keys)

    def note(self, kind: str, **facts: object) -> None:
        """Tell the ledger of a change that took effect."""
        self.ledger.commit("notion", kind, **facts)


Endpoint = Callable[[Call], Json]


def create_page(call: Call) -> Json:
    page = pages.create_page(call.objects, call.body)
    call.note(
        "page.create",
        page_id=page.id,
        data_source_id=page.data_source_id,
        properties=plain_values(call.objects, page),
    )
    return call.shapes.page(page, _wanted(call, page))


def retrieve_page(call: Call) -> Json:
    page = call.objects.page(call.id("page_id"))
    return call.shapes.page(page, _wanted(call, page))


def update_page(call: Call) -> Json:
    call.no_old_keys("archived")
    page_id = call.id("page_id")
    before = call.objects.pages.get(page_id)
    page = pages.update_page(call.objects, page_id, call.body)
    facts = {"page_id": page.id, "data_source_id": page.data_source_id}
    written = set(call.body.get("properties") or {})
    if written:
        known = plain_values(call.objects, page)
        names = _names(call.objects, page, written)
        call.note("page.update", **facts, properties={name: known.get(name) for name in names})
    elif before is not None and before.in_trash == page.in_trash:
        call.note("page.update", **facts, properties={})
    if before is not None and before.in_trash != page.in_trash:
        call.note("page.trash" if page.in_trash else "page.restore", **facts)
    return call.shapes.page(page, _wanted(call, page))


def retrieve_property(call: Call) -> Json:
    page_id = call.id("page_id")
    return property_item(call.objects, call.shapes, page_id, call.names["property_id"], call.query)


def create_database(call: Call) -> Json:
    database = databases.create_database(call.objects, call.body)
    call.note("database.create", database_id=database.id, data_sources=database.data_sources)
    return call.shapes.database(database)


def retrieve_database(call: Call) -> Json:
    return call.shapes.database(call.objects.database(call.id("database_id")))


def update_database(call: Call) -> Json:
    call.no_old_keys("archived")
    database = databases.update_database(call.objects, call.id("database_id"), call.body)
    call.note("database.update", database_id=database.id, fields=sorted(call.body))
    return call.shapes.database(database)


def create_data_source(call: Call) -> Json:
    source = databases.create_data_source(call.objects, call.body)
    call.note("data_source.create", data_source_id=source.id)
    return call.shapes.data_source(source)


def retrieve_data_source(call: Call) -> Json:
    return call.shapes.data_source(call.objects.data_source(call.id("data_source_id")))


def update_data_source(call: Call) -> Json:
    call.no_old_keys("archived")
    source = databases.update_data_source(call.objects, call.id("data_source_id"), call.body)
    properties = sorted(call.body.get("properties") or {})
    call.note("data_source.update", data_source_id=source.id, properties=properties)
    return call.shapes.data_source(source)


def query_data_source(call: Call) -> Json:
    source_id = call.id("data_source_id")
    return query(call.store, call.shapes, source_id, call.body, list(call.filter_properties))


def retrieve_block(call: Call) -> Json:
    return call.shapes.block(call.objects.block(call.id("block_id")))


def delete_block(call: Call) -> Json:
    """A page or database goes to the trash as a block, which is how Notion's clients do it."""
    block = call.objects.block(call.id("block_id"))
    pages.refuse_trashed(call.objects, block, {}, "block")
    trashed = call.objects.change(block, in_trash=True)
    if isinstance(trashed, Page):
        call.note("page.trash", page_id=trashed.id, data_source_id=trashed.data_source_id)
    else:
        call.note("database.trash", database_id=trashed.id)
    return call.shapes.block(trashed)


def list_children(call: Call) -> Json:
    block_id = call.id("block_id")
    call.objects.block(block_id)
    children = list(call.objects.children_of(block_id))
    found, cursor = take(children, lambda each: each.id, call.query, "query")
    return list_json([call.shapes.block(each) for each in found], cursor, "block")


def retrieve_me(_: Call) -> Json:
    return dict(USERS[BOT_ID])


def search_titles(call: Call) -> Json:
    return search(call.objects, call.shapes, call.body)


def _wanted(call: Call, page: Page) -> set[str] | None:
    if not call.filter_properties:
        return None
    source = call.objects.data_sources.get(page.data_source_id or "")
    return wanted_properties(source.schema if source else PLAIN_SCHEMA, call.filter_properties)


def _names(objects: Objects, page: Page, keys: set[str]) -> list[str]:
    """The names of the properties that a request named by name or id."""
    source = objects.data_sources.get(page.data_source_id or "")
    schema = source.schema if source else PLAIN_SCHEMA
    found = [find_property(schema, key) for key in sorted(keys)]
    return [config["name"] for config in found if config is not None]
