"""Views of data sources, kept and given back; what they look like is nobody's business here.

Source: the public type declarations of Notion's JavaScript client (views.ts) and
developers.notion.com (create-a-data-source: every data source gets a table view).
"""

from __future__ import annotations

from typing import Any

from sandbox.notion.checks import an_array, an_id, an_object, one_of, only_keys, string
from sandbox.notion.errors import UNDEFINED, invalid
from sandbox.notion.ids import new_id
from sandbox.notion.objects import Objects
from sandbox.notion.records import View

__all__ = ["add_table_view", "create_view", "update_view", "views_of"]

Json = dict[str, Any]

_TYPES = (
    "table",
    "board",
    "list",
    "calendar",
    "timeline",
    "gallery",
    "form",
    "chart",
    "map",
    "dashboard",
)
_LOOKS = ("filter", "quick_filters", "configuration")
_CREATE_KEYS = (
    "data_source_id",
    "name",
    "type",
    "database_id",
    "view_id",
    "create_database",
    "position",
    "placement",
    "sorts",
    *_LOOKS,
)


def add_table_view(objects: Objects, database_id: str, data_source_id: str) -> View:
    """The view a data source is born with."""
    return _put(objects, database_id, data_source_id, {"name": "Default view", "type": "table"})


def create_view(objects: Objects, body: Json) -> View:
    """A view in a database. Raises ApiError 400 or 404."""
    only_keys(body, "body", _CREATE_KEYS)
    source_id = an_id(body.get("data_source_id", UNDEFINED), "body.data_source_id")
    fields = {
        "name": string(body.get("name", UNDEFINED), "body.name"),
        "type": one_of(body.get("type", UNDEFINED), "body.type", _TYPES),
    } | _look(body)
    source = objects.data_source(source_id)
    database_id = source.parent["database_id"]
    if "database_id" in body:
        database_id = objects.database(an_id(body["database_id"], "body.database_id")).id
    return _put(objects, database_id, source.id, fields)


def update_view(objects: Objects, view_id: str, body: Json) -> View:
    """The view with another name, filter, order or configuration."""
    only_keys(body, "body", ("name", "sorts", *_LOOKS))
    fields = _look(body)
    if "name" in body:
        fields["name"] = string(body["name"], "body.name")
    return objects.change(objects.view(view_id), **fields)


def views_of(objects: Objects, query: Any) -> list[View]:
    """The views of a database or of a data source. Raises ApiError 400 or 404."""
    wanted: dict[str, str] = {
        key: an_id(query[key], f"query.{key}")
        for key in ("database_id", "data_source_id")
        if key in query
    }
    if not wanted:
        raise invalid("query.database_id", "defined", UNDEFINED)
    if "database_id" in wanted:
        objects.database(wanted["database_id"])
    if "data_source_id" in wanted:
        objects.data_source(wanted["data_source_id"])
    return [
        view
        for view in objects.views.values()
        if not view.in_trash
        and wanted.get("database_id") in {None, view.parent["database_id"]}
        and wanted.get("data_source_id") in {None, view.data_source_id}
    ]


def _put(objects: Objects, database_id: str, data_source_id: str, fields: Json) -> View:
    parent = {"type": "database_id", "database_id": database_id}
    stamp = objects.stamp()
    view = View(id=new_id(), parent=parent, data_source_id=data_source_id, **fields, **stamp)
    return objects.put(view)


def _look(body: Json) -> Json:
    fields: Json = {}
    for key in _LOOKS:
        if key in body:
            given = body[key]
            fields[key] = None if given is None else an_object(given, f"body.{key}")
    if "sorts" in body:
        given = body["sorts"]
        fields["sorts"] = None if given is None else an_array(given, "body.sorts")
    return fields
