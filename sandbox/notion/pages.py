"""Pages: create, update, move to the trash and back.

Every function returns the new version of the page and what the ledger is told, or raises ApiError.
Source: docs/facts/notion.md, "Pages".
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_id, an_object, boolean, one_of, only_keys
from sandbox.notion.errors import UNDEFINED, invalid, validation
from sandbox.notion.ids import new_id
from sandbox.notion.properties.media import parse_cover, parse_icon
from sandbox.notion.properties.relations import mirror
from sandbox.notion.properties.values import Writing
from sandbox.notion.workspace.objects import Objects
from sandbox.notion.workspace.records import PLAIN_SCHEMA, DataSource, Page, Record

Json = dict[str, Any]

_PARENTS = ("page_id", "data_source_id", "database_id", "workspace")
_CONTENT_KEYS = ("children", "content", "markdown", "template", "position", "erase_content")
_CREATE_KEYS = (
    "parent",
    "properties",
    "icon",
    "cover",
    *_CONTENT_KEYS[:-1],
)
_UPDATE_KEYS = (
    "properties",
    "icon",
    "cover",
    "in_trash",
    "archived",
    "is_archived",
    "is_locked",
    "erase_content",
    "template",
)


def create_page(objects: Objects, body: Json) -> Page:
    """A page under a page, or a row of a data source."""
    only_keys(body, "body", _CREATE_KEYS)
    _refuse_content(body)
    parent, source = _parent(objects, body.get("parent", UNDEFINED))
    writing = Writing(objects, dict(source.schema if source else PLAIN_SCHEMA))
    values = writing.parse(body.get("properties") or {})
    icon = parse_icon(body.get("icon"), "body.icon", objects)
    cover = parse_cover(body.get("cover"), "body.cover", objects)
    if source is not None:
        source = _with_options(objects, source, writing)
        values |= _numbered(objects, source)
    page = objects.put(
        Page(id=new_id(), parent=parent, values=values, icon=icon, cover=cover, **objects.stamp())
    )
    if source is None and "page_id" in parent:
        objects.append_child(parent["page_id"], page.id)
    _mirror(objects, page.id, source, {}, values)
    return objects.pages[page.id]


def update_page(objects: Objects, page_id: str, body: Json) -> Page:
    """The page with new values of the properties named, icon, cover, lock or trash."""
    only_keys(body, "body", _UPDATE_KEYS)
    _refuse_content(body)
    source = _source_of(objects, objects.pages.get(page_id))
    writing = Writing(objects, dict(source.schema if source else PLAIN_SCHEMA))
    fields = _flags(body)
    page = objects.page(page_id)
    refuse_trashed(objects, page, body, "page")
    values = writing.parse(body["properties"]) if body.get("properties") else {}
    if "icon" in body:
        fields["icon"] = parse_icon(body["icon"], "body.icon", objects)
    if "cover" in body:
        fields["cover"] = parse_cover(body["cover"], "body.cover", objects)
    if source is not None:
        _with_options(objects, source, writing)
    before = page.values
    objects.change(page, values=before | values, **fields)
    _mirror(objects, page.id, source, before, values)
    return objects.pages[page.id]


def refuse_trashed(objects: Objects, record: Record, body: Json, noun: str) -> None:
    """Raise ApiError 400 if `record` is in the trash and `body` does not take it out."""
    if trash_wish(body) is not None:
        return
    if record.in_trash:
        raise validation(
            "Can't edit block that is archived. You must unarchive the block before editing."
        )
    if objects.has_trashed_ancestor(record):
        raise validation(
            f"Can't edit {noun} on block with an archived ancestor. "
            f"You must unarchive the ancestor before editing {noun}."
        )


def refuse_circle(objects: Objects, record: Record, above: Record | None) -> None:
    """Raise ApiError 400 if `record` would come to stand under itself."""
    if above is not None and objects.lies_within(above, record.id):
        raise validation("A page or database cannot be moved into itself.")


def _refuse_content(body: Json) -> None:
    """Raise ApiError 400 if a request means blocks: the stand-in keeps none, and says so."""
    named = [key for key in _CONTENT_KEYS if body.get(key)]
    if named:
        raise validation(f"The sandbox keeps no block contents: send no {named[0]}.")


def trash_wish(body: Json) -> bool | None:
    """What a request wants of the trash: into it, out of it, or nothing."""
    for key in ("in_trash", "archived"):
        if body.get(key) is not None:
            return boolean(body[key], f"body.{key}")
    return None


def _flags(body: Json) -> Json:
    fields: Json = {}
    for key in ("is_archived", "is_locked"):
        if body.get(key) is not None:
            fields[key] = boolean(body[key], f"body.{key}")
    wish = trash_wish(body)
    return fields if wish is None else fields | {"in_trash": wish}


def _parent(objects: Objects, value: object) -> tuple[Json, DataSource | None]:
    given = an_object(value, "body.parent")
    kinds = [key for key in _PARENTS if key in given]
    if not kinds:
        raise invalid("body.parent.page_id", "defined", UNDEFINED)
    kind = kinds[0]
    only_keys(given, "body.parent", (*_PARENTS, "type"))
    if "type" in given:
        one_of(given["type"], "body.parent.type", _PARENTS)
    if kind == "workspace":
        return {"type": "workspace", "workspace": True}, None
    parent_id = an_id(given.get("data_source_id", given[kind]), f"body.parent.{kind}")
    if "data_source_id" in given:
        source = objects.data_source(parent_id)
    elif kind == "database_id":
        source = _only_source(objects, parent_id)
    else:
        above = objects.page(parent_id)
        refuse_trashed(objects, above, {}, "block")
        return {"type": "page_id", "page_id": parent_id}, None
    database_id = source.parent["database_id"]
    refuse_trashed(objects, source, {}, "block")
    parent = {"type": "data_source_id", "data_source_id": source.id, "database_id": database_id}
    return parent, source


def _only_source(objects: Objects, database_id: str) -> DataSource:
    sources = objects.database(database_id).data_sources
    if len(sources) != 1:
        raise validation(
            "Databases with multiple data sources are not supported as a parent: "
            "name the data_source_id."
        )
    return objects.data_source(sources[0])


def _source_of(objects: Objects, page: Page | None) -> DataSource | None:
    return objects.data_sources.get((page and page.data_source_id) or "")


def _with_options(objects: Objects, source: DataSource, writing: Writing) -> DataSource:
    if not writing.has_new_options:
        return source
    return objects.change(source, schema=writing.schema)


def _numbered(objects: Objects, source: DataSource) -> Json:
    columns = [key for key, config in source.schema.items() if config["type"] == "unique_id"]
    if not columns:
        return {}
    number = source.last_number + 1
    objects.change(source, last_number=number, edited=source.edited)
    return dict.fromkeys(columns, number)


def _mirror(
    objects: Objects, page_id: str, source: DataSource | None, before: Json, values: Json
) -> None:
    for key, value in values.items():
        config = source.schema.get(key) if source else None
        if config is not None and config["type"] == "relation":
            mirror(objects, page_id, config, before.get(key) or (), value)
