"""The properties `setup` adds to a tracks database: those the product writes, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.notion.client import NotionClient
from tasks.notion.properties import FIELDS, Field, offered
from tasks.notion.schema import Schema
from tasks.notion.source import data_source_id


def missing_properties(schema: Schema) -> list[Field]:
    """What the database lacks of the properties that somebody would miss."""
    return [kind for kind in offered() if kind not in schema.found]


async def property_bodies(
    client: NotionClient, playlists_db_id: str, lacking: Sequence[Field]
) -> dict[str, Any]:
    """The `properties` of the PATCH that adds them; playlists as a relation where one is set."""
    bodies: dict[str, Any] = {}
    for kind in lacking:
        spec = FIELDS[kind]
        bodies[spec.names[0]] = {spec.create_as: {}}
        if kind is Field.PLAYLISTS and playlists_db_id:
            source_id = await data_source_id(client, playlists_db_id)
            bodies[spec.names[0]] = {
                "relation": {
                    "data_source_id": source_id,
                    "type": "single_property",
                    "single_property": {},
                }
            }
    return bodies
