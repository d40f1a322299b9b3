"""Every property the product knows of a row, one entry each.

An entry says which names it may have, what it holds, how `setup` makes it, whether a sync writes
it, and what is lost without it. The schema, the query's field list, `doctor`, `setup` and the
README's table are made from these entries. A field's name is its attribute of `Track`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DUPLICATE = "Duplicate"
"""The status of a row that was redirected to another."""


class Field(StrEnum):
    """What the product knows of a row, whatever its property is called."""

    TITLE = "title"
    ARTIST = "artist"
    ALBUM = "album"
    GENRE = "genres"
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
    STATUS = "statuses"
    PLAYLISTS = "playlists"
    DURATION = "duration_seconds"
    FINGERPRINT = "fingerprint"
    BPM = "bpm"
    KEY = "key"
    TAGS = "tags"
    DUPLICATE_OF = "duplicate_of"
    IS_DUPLICATE = "is_duplicate"
    EAGLE_AIFF_ID = "eagle_aiff_id"


class Holds(StrEnum):
    """What kind of value a field holds: it decides which types can be read and written."""

    TITLE = "the title"
    TEXT = "a text"
    ID = "an id or a path"
    TRACK_NUMBER = "SoundCloud's number of the track"
    ADDRESS = "an address"
    NUMBER = "a number"
    FLAG = "yes or no"
    NAMES = "names"
    STATUS = "a status"
    LOCK = "the lock"
    ROW = "another row"

    @property
    def readable(self) -> frozenset[str]:
        """The types it is read from."""
        return _READABLE[self]

    @property
    def writable(self) -> frozenset[str]:
        """The types it is written into."""
        return _WRITABLE[self]


_COMPUTED = {"formula", "rollup"}
_PLAIN_TEXT = {"rich_text", "title", "url", "select", "email", "phone_number"}
_WITH_A_TEXT = {
    "status", "multi_select", "number", "unique_id", "people", "files", "created_by", "place",
    "last_edited_by", "created_time", "last_edited_time", "date", "verification",
}  # fmt: skip
_LISTS = {"relation", "multi_select", "select", "rich_text"}
_STATUS = {"multi_select", "select", "status", "rich_text"}

_READABLE: Mapping[Holds, frozenset[str]] = {
    Holds.TITLE: frozenset({"title"}),
    Holds.TEXT: frozenset(_PLAIN_TEXT | _COMPUTED | _WITH_A_TEXT),
    Holds.ID: frozenset(_PLAIN_TEXT | _COMPUTED | {"number"}),
    Holds.TRACK_NUMBER: frozenset(_PLAIN_TEXT | _COMPUTED | {"number"}),
    Holds.ADDRESS: frozenset(_PLAIN_TEXT | _COMPUTED | {"files"}),
    Holds.NUMBER: frozenset(_COMPUTED | {"number", "rich_text", "title", "select"}),
    Holds.FLAG: frozenset({"checkbox", "formula"}),
    Holds.NAMES: frozenset(_LISTS | _COMPUTED | {"title", "status"}),
    Holds.STATUS: frozenset(_STATUS | _COMPUTED),
    Holds.LOCK: frozenset({"rich_text"}),
    Holds.ROW: frozenset({"relation", "rich_text", "url"}),
}
_WRITABLE: Mapping[Holds, frozenset[str]] = {
    Holds.TITLE: frozenset({"title"}),
    Holds.TEXT: frozenset(_PLAIN_TEXT - {"title"} | {"multi_select"}),
    Holds.ID: frozenset({"rich_text", "url"}),
    Holds.TRACK_NUMBER: frozenset({"rich_text", "number", "url", "select"}),
    Holds.ADDRESS: frozenset({"rich_text", "url"}),
    Holds.NUMBER: frozenset({"number", "rich_text"}),
    Holds.FLAG: frozenset({"checkbox"}),
    Holds.NAMES: frozenset(_LISTS),
    Holds.STATUS: frozenset(_STATUS),
    Holds.LOCK: frozenset({"rich_text"}),
    Holds.ROW: frozenset({"relation", "rich_text", "url"}),
}


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """One property: its names, the first that can be used wins, and what it is for.

    `create_as` is the type `setup` makes it with; `is_written` that a sync writes it into each row;
    `lost_without` the end of "is missing: …"; `is_missed` that a run without it is worth a warning.
    """

    names: tuple[str, ...]
    holds: Holds
    create_as: str
    required: bool = False
    is_written: bool = False
    is_missed: bool = False
    lost_without: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for an entry that is only half made."""
        if not self.names or not all(self.names):
            raise ValueError("A property needs a name.")
        if self.create_as not in self.holds.readable:
            raise ValueError(f"{self.names[0]}: {self.create_as} cannot hold {self.holds.value}.")
        if self.is_written and self.create_as not in self.holds.writable:
            raise ValueError(f"{self.names[0]}: {self.create_as} cannot be written.")
        if (self.is_written or self.is_missed) and not (self.lost_without or self.required):
            raise ValueError(f"{self.names[0]}: say what is lost without it.")


NOT_WRITTEN = "it is not written"

FIELDS: dict[Field, FieldSpec] = {
    Field.TITLE: FieldSpec(
        names=("Title", "Name"),
        holds=Holds.TITLE,
        create_as="title",
        required=True,
        is_written=True,
    ),
    Field.ARTIST: FieldSpec(
        names=("Artist Name", "Artist"),
        holds=Holds.TEXT,
        create_as="rich_text",
        is_written=True,
        is_missed=True,
        lost_without=NOT_WRITTEN,
    ),
    Field.ALBUM: FieldSpec(names=("Album", "Album Name"), holds=Holds.TEXT, create_as="rich_text"),
    Field.GENRE: FieldSpec(names=("Genre", "Genres"), holds=Holds.NAMES, create_as="select"),
    Field.SOUNDCLOUD_URL: FieldSpec(
        names=("SoundCloud URL", "Soundcloud URL"),
        holds=Holds.ADDRESS,
        create_as="url",
        required=True,
    ),
    Field.SPOTIFY_URL: FieldSpec(
        names=("Spotify URL", "Spotify Link"), holds=Holds.ADDRESS, create_as="url"
    ),
    Field.YOUTUBE_URL: FieldSpec(names=("YouTube URL",), holds=Holds.ADDRESS, create_as="url"),
    Field.SPOTIFY_ID: FieldSpec(
        names=("Spotify ID", "Spotify Track ID", "SpotifyID"), holds=Holds.ID, create_as="rich_text"
    ),
    Field.SOUNDCLOUD_ID: FieldSpec(
        names=("SoundCloud ID",),
        holds=Holds.TRACK_NUMBER,
        create_as="rich_text",
        is_written=True,
        lost_without="a track is recognised by its address alone",
    ),
    Field.DOWNLOADED: FieldSpec(
        names=("DL", "Downloaded"),
        holds=Holds.FLAG,
        create_as="checkbox",
        required=True,
        is_written=True,
    ),
    Field.WAV_PATH: FieldSpec(
        names=("WAV File Path", "WAV", "WAV Path"),
        holds=Holds.ID,
        create_as="rich_text",
        is_written=True,
        is_missed=True,
        lost_without=NOT_WRITTEN,
    ),
    Field.AIFF_PATH: FieldSpec(
        names=("AIFF File Path", "AIFF", "AIFF Path"),
        holds=Holds.ID,
        create_as="rich_text",
        is_written=True,
        is_missed=True,
        lost_without=NOT_WRITTEN,
    ),
    Field.M4A_PATH: FieldSpec(
        names=("M4A File Path", "M4A", "M4A Path"), holds=Holds.ID, create_as="rich_text"
    ),
    Field.EAGLE_ID: FieldSpec(
        names=("Eagle File ID", "Eagle ID", "EagleID"),
        holds=Holds.ID,
        create_as="rich_text",
        is_written=True,
        is_missed=True,
        lost_without="rows are not tied to their items in Eagle",
    ),
    Field.EAGLE_AIFF_ID: FieldSpec(
        names=("Eagle AIFF ID",),
        holds=Holds.ID,
        create_as="rich_text",
        is_written=True,
        lost_without="the AIFF's item is found by its name alone",
    ),
    Field.LOCK: FieldSpec(
        names=("Processing Lock", "ProcessingLock"),
        holds=Holds.LOCK,
        create_as="rich_text",
        is_missed=True,
        lost_without="locking is off, so two machines may work on one track",
    ),
    Field.STATUS: FieldSpec(
        names=("Audio Processing Status", "Audio Processing"),
        holds=Holds.STATUS,
        create_as="multi_select",
        is_written=True,
        is_missed=True,
        lost_without="errors are not shown in Notion",
    ),
    Field.PLAYLISTS: FieldSpec(
        names=("Playlists", "Playlist"),
        holds=Holds.NAMES,
        create_as="rich_text",
        is_missed=True,
        lost_without="every track goes to the playlist Unassigned",
    ),
    Field.DURATION: FieldSpec(
        names=("Audio Duration (seconds)", "Duration (s)"),
        holds=Holds.NUMBER,
        create_as="number",
        is_written=True,
        lost_without="broken files are harder to tell",
    ),
    Field.FINGERPRINT: FieldSpec(
        names=("WAV Fingerprint",),
        holds=Holds.ID,
        create_as="rich_text",
        is_written=True,
        lost_without="another upload of a recording is recognised by its sound alone",
    ),
    Field.BPM: FieldSpec(
        names=("Tempo", "AverageBpm", "BPM"), holds=Holds.NUMBER, create_as="number"
    ),
    Field.KEY: FieldSpec(names=("Key", "Key "), holds=Holds.TEXT, create_as="rich_text"),
    Field.TAGS: FieldSpec(names=("Tags",), holds=Holds.NAMES, create_as="multi_select"),
    Field.DUPLICATE_OF: FieldSpec(names=("Duplicate Of",), holds=Holds.ROW, create_as="rich_text"),
    Field.IS_DUPLICATE: FieldSpec(names=("Duplicate",), holds=Holds.FLAG, create_as="checkbox"),
}


if _WITHOUT_ENTRY := set(Field) - FIELDS.keys():
    raise ValueError(f"no entry says what these hold: {', '.join(sorted(_WITHOUT_ENTRY))}")


def offered() -> tuple[Field, ...]:
    """The fields that `setup` adds where they are missing: those that somebody would miss."""
    return tuple(
        field
        for field, spec in FIELDS.items()
        if (spec.required or spec.lost_without) and spec.create_as != "title"
    )
