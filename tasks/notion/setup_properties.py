"""The properties `setup` adds to a tracks database: those the product writes, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.notion.client import NotionClient
from tasks.notion.schema import FIELDS, Field, Schema
from tasks.notion.source import data_source_id

__all__ = ["missing_properties", "property_bodies"]

_OFFERED = (
    Field.ARTIST, Field.SOUNDCLOUD_URL, Field.DOWNLOADED, Field.WAV_PATH, Field.AIFF_PATH,
    Field.EAGLE_ID, Field.EAGLE_AIFF_ID, Field.LOCK, Field.STATUS, Field.PLAYLISTS,
    Field.DURATION, Field.SOUNDCLOUD_ID, Field.FINGERPRINT,
)  # fmt: skip


def missing_properties(schema: Schema) -> list[Field]:
    """What the database lacks of the properties the product writes or must find."""
    return [kind for kind in _OFFERED if kind not in schema]


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
