"""Which property of the user's database holds what.

The first name that exists wins; its type is read from the data source, never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from tasks.errors import ConfigurationError

__all__ = ["DUPLICATE", "FIELDS", "Field", "FieldSpec", "Property", "Schema"]

DUPLICATE = "Duplicate"
"""The status of a row that was redirected to another."""


class Field(StrEnum):
    """What the product knows of a row, whatever its property is called."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"
    GENRE = "genre"
    SOUNDCLOUD_URL = "soundcloud_url"
    SPOTIFY_URL = "spotify_url"
    YOUTUBE_URL = "youtube_url"
    SPOTIFY_ID = "spotify_id"
    SOUNDCLOUD_ID = "soundcloud_id"
    DOWNLOADED = "downloaded"
    WAV_PATH = "wav_path"
    AIFF_PATH = "aiff_path"
    M4A_PATH = "m4a_path"
    EAGLE_ID = "eagle_id"
    LOCK = "lock"
    STATUS = "status"
    PLAYLISTS = "playlists"
    DURATION = "duration_seconds"
    FINGERPRINT = "fingerprint"
    BPM = "bpm"
    KEY = "key"
    TAGS = "tags"
    DUPLICATE_OF = "duplicate_of"
    IS_DUPLICATE = "is_duplicate"
    EAGLE_AIFF_ID = "eagle_aiff_id"


class FieldSpec(NamedTuple):
    """The names a field may have, the type `setup` creates it with, and whether it must exist."""

    names: tuple[str, ...]
    create_as: str
    required: bool = False


FIELDS: Mapping[Field, FieldSpec] = {
    Field.TITLE: FieldSpec(("Title", "Name"), "title", required=True),
    Field.ARTIST: FieldSpec(("Artist Name", "Artist"), "rich_text"),
    Field.ALBUM: FieldSpec(("Album", "Album Name"), "rich_text"),
    Field.GENRE: FieldSpec(("Genre", "Genres"), "select"),
    Field.SOUNDCLOUD_URL: FieldSpec(("SoundCloud URL", "Soundcloud URL"), "url", required=True),
    Field.SPOTIFY_URL: FieldSpec(("Spotify URL", "Spotify Link"), "url"),
    Field.YOUTUBE_URL: FieldSpec(("YouTube URL",), "url"),
    Field.SPOTIFY_ID: FieldSpec(("Spotify ID", "Spotify Track ID", "SpotifyID"), "rich_text"),
    Field.SOUNDCLOUD_ID: FieldSpec(("SoundCloud ID",), "rich_text"),
    Field.DOWNLOADED: FieldSpec(("DL", "Downloaded"), "checkbox", required=True),
    Field.WAV_PATH: FieldSpec(("WAV File Path", "WAV", "WAV Path"), "rich_text"),
    Field.AIFF_PATH: FieldSpec(("AIFF File Path", "AIFF", "AIFF Path"), "rich_text"),
    Field.M4A_PATH: FieldSpec(("M4A File Path", "M4A", "M4A Path"), "rich_text"),
    Field.EAGLE_ID: FieldSpec(("Eagle File ID", "Eagle ID", "EagleID"), "rich_text"),
    Field.LOCK: FieldSpec(("Processing Lock", "ProcessingLock"), "rich_text"),
    Field.STATUS: FieldSpec(("Audio Processing Status", "Audio Processing"), "multi_select"),
    Field.PLAYLISTS: FieldSpec(("Playlists", "Playlist"), "rich_text"),
    Field.DURATION: FieldSpec(("Audio Duration (seconds)", "Duration (s)"), "number"),
    Field.FINGERPRINT: FieldSpec(("WAV Fingerprint",), "rich_text"),
    Field.BPM: FieldSpec(("Tempo", "AverageBpm", "BPM"), "number"),
    Field.KEY: FieldSpec(("Key", "Key "), "rich_text"),
    Field.TAGS: FieldSpec(("Tags",), "multi_select"),
    Field.DUPLICATE_OF: FieldSpec(("Duplicate Of",), "rich_text"),
    Field.IS_DUPLICATE: FieldSpec(("Duplicate",), "checkbox"),
    Field.EAGLE_AIFF_ID: FieldSpec(("Eagle AIFF ID",), "rich_text"),
}

_READABLE_AS_STATUS = {"multi_select", "select", "status", "rich_text"}
_TYPES: Mapping[Field, frozenset[str]] = {
    Field.DOWNLOADED: frozenset({"checkbox"}),
    Field.IS_DUPLICATE: frozenset({"checkbox"}),
    Field.LOCK: frozenset({"rich_text"}),
    Field.STATUS: frozenset(_READABLE_AS_STATUS),
}


class Property(NamedTuple):
    """A property of the database: its name, id, type and the type's own configuration."""

    name: str
    id: str
    type: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Schema:
    """The properties of one data source that the product uses."""

    data_source_id: str
    title: str
    properties: Mapping[Field, Property]

    @classmethod
    def of(cls, data_source: Mapping[str, Any]) -> Schema:
        """The schema in a data source object.

        Raises ConfigurationError naming each required property that is missing or of a wrong type.
        """
        schema = cls.unchecked(data_source)
        for problem in schema.problems():
            raise problem
        return schema

    @classmethod
    def unchecked(cls, data_source: Mapping[str, Any]) -> Schema:
        """The schema as it is, fit for the product or not; `doctor` names what is wrong in it."""
        found = {field: _find(field, data_source["properties"]) for field in FIELDS}
        return cls(
            data_source_id=data_source["id"],
            title="".join(part.get("plain_text", "") for part in data_source.get("title", [])),
            properties={field: value for field, value in found.items() if value is not None},
        )

    def problems(self) -> list[ConfigurationError]:
        """What makes the database unusable: a required property missing, a type that cannot be."""
        missing = [
            _lacks(self.title, spec)
            for field, spec in FIELDS.items()
            if spec.required and field not in self.properties
        ]
        return missing + [
            _wrong_type(self.properties[field], allowed)
            for field, allowed in _TYPES.items()
            if field in self.properties and self.properties[field].type not in allowed
        ]

    def __contains__(self, field: Field) -> bool:
        return field in self.properties

    def __getitem__(self, field: Field) -> Property:
        return self.properties[field]

    @property
    def missing(self) -> tuple[Field, ...]:
        """Optional fields that the database has no property for."""
        return tuple(field for field in FIELDS if field not in self.properties)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all properties in use, for `filter_properties`."""
        return tuple(found.name for found in self.properties.values())

    def options(self, field: Field) -> frozenset[str]:
        """The option names a select, multi_select or status property has."""
        found = self.properties[field]
        return frozenset(option["name"] for option in found.config.get("options", ()))


def _find(field: Field, properties: Mapping[str, Any]) -> Property | None:
    for name in FIELDS[field].names:
        if name in properties:
            return _property(properties[name], name)
    if field is Field.TITLE:  # every database has exactly one, whatever it is called
        return next((_property(p, n) for n, p in properties.items() if p["type"] == "title"), None)
    return None


def _property(found: Mapping[str, Any], name: str) -> Property:
    return Property(name, found["id"], found["type"], found.get(found["type"]) or {})


def _lacks(title: str, spec: FieldSpec) -> ConfigurationError:
    return ConfigurationError(
        f"The database {title!r} has no property {spec.names[0]!r}.",
        remedy=f"Add a property named {spec.names[0]!r} of type {spec.create_as} in Notion, "
        "or let `library-sync setup` add it.",
    )


def _wrong_type(found: Property, allowed: frozenset[str]) -> ConfigurationError:
    return ConfigurationError(
        f"The property {found.name!r} is of type {found.type}; it must be "
        f"{' or '.join(sorted(allowed))}.",
        remedy=f"Change the type of {found.name!r} in Notion.",
    )
