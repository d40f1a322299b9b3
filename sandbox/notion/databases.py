"""Databases and their data sources: create and update.

Sources: docs/facts/notion.md, "Versions and objects", and the public type declarations of
Notion's JavaScript client (databases.ts, data-sources.ts).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_id, an_object, boolean, only_keys
from sandbox.notion.errors import UNDEFINED, invalid
from sandbox.notion.ids import new_id
from sandbox.notion.pages import refuse_circle, refuse_trashed, trash_wish
from sandbox.notion.properties.media import parse_cover, parse_icon
from sandbox.notion.properties.schema_changes import change_properties
from sandbox.notion.richtext import parse_rich_text, text_item
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import Database, DataSource

Json = dict[str, Any]

_DEFAULT_TITLE = "New database"
_DEFAULT_SCHEMA: Json = {"Name": {"title": {}}}
_TEXTS = ("title", "description")
_CREATE_KEYS = (
    "parent",
    "title",
    "description",
    "is_inline",
    "initial_data_source",
    "icon",
    "cover",
    "database_type",
)
_UPDATE_KEYS = (*_CREATE_KEYS[:4], "icon", "cover", "in_trash", "archived", "is_locked")
_SOURCE_KEYS = (
    "title",
    "description",
    "icon",
    "cover",
    "properties",
    "in_trash",
    "archived",
    "parent",
)


def create_database(objects: Objects, body: Json) -> Database:
    """A database with its first data source."""
    only_keys(body, "body", _CREATE_KEYS)
    fields = _texts(objects, body) | _look(objects, body)
    fields.setdefault("title", [text_item(_DEFAULT_TITLE)])
    fields["is_inline"] = boolean(body.get("is_inline") or False, "body.is_inline")
    initial = an_object(body.get("initial_data_source") or {}, "body.initial_data_source")
    only_keys(initial, "body.initial_data_source", ("properties", "title"))
    schema = initial.get("properties") or _DEFAULT_SCHEMA
    parent = _parent(objects, body.get("parent", UNDEFINED))
    with objects.undoing_schemas():
        database = objects.put(Database(id=new_id(), parent=parent, **fields, **objects.stamp()))
        where = "body.initial_data_source.properties"
        _new_source(objects, database, fields, schema, where)
    if "page_id" in parent:
        objects.append_child(parent["page_id"], database.id)
    return objects.databases[database.id]


def update_database(objects: Objects, database_id: str, body: Json) -> Database:
    """The database with another title, look, place, or in the trash."""
    only_keys(body, "body", _UPDATE_KEYS)
    fields = _texts(objects, body) | _look(objects, body)
    for key in ("is_inline", "is_locked"):
        if body.get(key) is not None:
            fields[key] = boolean(body[key], f"body.{key}")
    wish = trash_wish(body)
    if wish is not None:
        fields["in_trash"] = wish
    database = objects.database(database_id)
    refuse_trashed(objects, database, body, "block")
    if body.get("parent") is not None:
        fields["parent"] = _moved(objects, database, body["parent"])
    if "title" in fields:
        _retitle_only_source(objects, database, fields["title"])
    return objects.change(database, **fields)


def create_data_source(objects: Objects, body: Json) -> DataSource:
    """A further data source of a database."""
    only_keys(body, "body", ("parent", "properties", "title", "description", "icon"))
    parent = an_object(body.get("parent", UNDEFINED), "body.parent")
    database_id = an_id(parent.get("database_id", UNDEFINED), "body.parent.database_id")
    properties = an_object(body.get("properties", UNDEFINED), "body.properties")
    fields = _texts(objects, body)
    look = _look(objects, body)
    database = objects.database(database_id)
    refuse_trashed(objects, database, {}, "block")
    with objects.undoing_schemas():
        fields.setdefault("title", [text_item("New data source")])
        source = _new_source(objects, database, fields, properties, "body.properties")
    return objects.change(source, **look) if look else source


def update_data_source(objects: Objects, data_source_id: str, body: Json) -> DataSource:
    """The data source with another schema, title, look, or in the trash."""
    only_keys(body, "body", _SOURCE_KEYS)
    fields = _texts(objects, body) | _look(objects, body)
    wish = trash_wish(body)
    if wish is not None:
        fields["in_trash"] = wish
    source = objects.data_source(data_source_id)
    refuse_trashed(objects, source, body, "block")
    if body.get("properties") is not None:
        source = change_properties(objects, source, body["properties"], "body.properties")
    if body.get("parent") is not None:
        fields["parent"] = _adopted(objects, source, body["parent"])
    return objects.change(objects.data_source(source.id), **fields)


def _new_source(
    objects: Objects, database: Database, fields: Json, properties: object, path: str
) -> DataSource:
    """A data source; `fields` are its title and description, its database's if it is the first."""
    parent = {"type": "database_id", "database_id": database.id}
    texts = {key: fields[key] for key in _TEXTS if key in fields}
    fresh = DataSource(id=new_id(), parent=parent, **texts, **objects.stamp())
    source = objects.put(fresh)
    objects.change(database, data_sources=[*database.data_sources, source.id])
    return change_properties(objects, source, properties, path, creating=True)


def _texts(objects: Objects, body: Json) -> Json:
    return {
        key: parse_rich_text(body[key], f"body.{key}", objects)
        for key in _TEXTS
        if body.get(key) is not None
    }


def _look(objects: Objects, body: Json) -> Json:
    fields: Json = {}
    if "icon" in body:
        fields["icon"] = parse_icon(body["icon"], "body.icon", objects)
    if "cover" in body:
        fields["cover"] = parse_cover(body["cover"], "body.cover", objects)
    return fields


def _parent(objects: Objects, value: object) -> Json:
    given = an_object(value, "body.parent")
    if "workspace" in given:
        return {"type": "workspace", "workspace": True}
    if "page_id" not in given:
        raise invalid("body.parent.page_id", "defined", UNDEFINED)
    page_id = an_id(given["page_id"], "body.parent.page_id")
    refuse_trashed(objects, objects.page(page_id), {}, "block")
    return {"type": "page_id", "page_id": page_id}


def _moved(objects: Objects, database: Database, value: object) -> Json:
    parent = _parent(objects, value)
    above = objects.content(parent.get("page_id", ""))
    refuse_circle(objects, database, above)
    if "page_id" in database.parent:
        objects.remove_child(database.parent["page_id"], database.id)
    if "page_id" in parent:
        objects.append_child(parent["page_id"], database.id)
    return parent


def _retitle_only_source(objects: Objects, database: Database, title: list[Json]) -> None:
    """A database's only data source that bears its name is renamed with it."""
    if len(database.data_sources) == 1:
        source = objects.data_sources[database.data_sources[0]]
        if source.title == database.title:
            objects.change(source, title=title)


def _adopted(objects: Objects, source: DataSource, value: object) -> Json:
    given = an_object(value, "body.parent")
    database_id = an_id(given.get("database_id", UNDEFINED), "body.parent.database_id")
    target = objects.database(database_id)
    former = objects.database(source.parent["database_id"])
    kept = [each for each in former.data_sources if each != source.id]
    objects.change(former, data_sources=kept)
    objects.change(objects.database(target.id), data_sources=[*target.data_sources, source.id])
    for row in objects.rows(source.id):
        objects.change(row, parent=row.parent | {"database_id": target.id}, edited=row.edited)
    return {"type": "database_id", "database_id": target.id}
