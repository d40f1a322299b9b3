"""The owner's first evening: a database of ninety properties, rows of years, an earlier script.

The shapes are those of a real library (ids as numbers, two boxes, sentinels, labels of other
programs, names that lost their signs); every name is invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.threaded import RunningSandbox
from tests.flows.database_world import Database, Types

METRICS = (
    "Audio Quality Score", "Audio LUFS Level", "Audio Peak Level", "Audio RMS Level",
    "Audio Dynamic Range (dB)", "Audio Crest Factor", "Audio Sample Rate", "BitRate",
    "Audio Clipping Percentage", "Warmth Enhancement Level", "Audio File Size (MB)", "Energy",
    "Danceability", "Valence", "Acousticness", "Instrumentalness", "Liveness", "Speechiness",
    "Popularity", "Play Count", "Rating", "Sort Order", "Duration (ms)", "Processing Duration",
)  # fmt: skip
TEXTS = (
    "Notes", "File Sizes", "System Information", "Audio Processing Summary", "Download Source",
    "AIFF Fingerprint", "M4A Fingerprint", "Fingerprint", "Fingerprint Part 2", "djay Pro ID",
    "Rekordbox Path", "Rekordbox ID", "ISRC", "UPC", "Label", "Remixer", "Composer", "Comment",
    "Serato Crate", "Apple Music ID", "Beatport ID", "Bandcamp ID", "Lyrics", "Cue Points",
    "Import Batch", "Source Playlist", "Spotify Album ID", "Spotify Artist ID", "Merge Log",
)  # fmt: skip
BOXES = ("Explicit", "Fallback Used", "Audio Normalized", "Favourite", "Reviewed", "In djay")
URLS = ("Apple Music URL", "Bandcamp URL", "Beatport URL", "Spotify URL", "YouTube URL")
DATES = ("Processing Timestamp", "Last Merge", "Last Used", "Release Date", "Added On")

PROPERTIES: Types = (
    {
        "Title": "title",
        "Artist Name": "rich_text",
        "Album": "rich_text",
        "Genre": "select",
        "SoundCloud URL": "url",
        "SoundCloud ID": "number",
        "Spotify ID": "rich_text",
        "DL": "checkbox",
        "Downloaded": "checkbox",
        "WAV File Path": "rich_text",
        "AIFF File Path": "rich_text",
        "M4A File Path": "rich_text",
        "Eagle File ID": "rich_text",
        "WAV Fingerprint": "rich_text",
        "Tempo": "number",
        "Key ": "rich_text",
        "Audio Duration (seconds)": "number",
        "Processing Lock": "rich_text",
        "Audio Processing": "multi_select",
        "Audio Processing Status": "multi_select",
        "Playlists": "relation",
        "Duplicate": "checkbox",
        "Priority": "select",
        "Compression Mode Used": "select",
        "Metadata Applied": "multi_select",
        "Created": "created_time",
        "Edited": "last_edited_time",
    }
    | dict.fromkeys(METRICS, "number")
    | dict.fromkeys(TEXTS, "rich_text")
    | dict.fromkeys(BOXES, "checkbox")
    | dict.fromkeys(URLS, "url")
    | dict.fromkeys(DATES, "date")
)

OLD_SETTINGS = (
    "NOTION_TIMEOUT=60\nNOTION_VERSION=2022-06-28\nARTISTS_DB_ID=0\nTEMP_DIR=/tmp/x\n"
    "EAGLE_ONLY_OUTPUT=1\nEAGLE_APP_PATH=/x\nEAGLE_AUTO_LAUNCH=1\nNOTION_RATE_LIMIT=60\n"
    "SC_DEDUP_DRY_RUN=1\n"
)


@dataclass
class Owner:
    """The world, once it is built, and its rows by what they are for."""

    database: Database
    sandbox: RunningSandbox
    rows: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def values(self, name: str) -> dict[str, Any]:
        """A row as it is now."""
        return self.database.values(self.rows[name])

    def item(self, name: str) -> dict[str, Any]:
        """The Eagle item that a row names."""
        record: dict[str, Any] = self.sandbox.eagle.library.items[
            self.values(name)["Eagle File ID"]
        ].record
        return record

    def track(self, name: str, artist: str, seconds: float = 5.0) -> Any:
        """A track on SoundCloud."""
        found = self.database.world.soundcloud.catalogue.add_track(name, artist, seconds=seconds)
        self.urls[name] = found.url
        return found

    def add(self, name: str, **values: Any) -> str:
        """A row of the database, to be asked for by `name`."""
        self.rows[name] = self.database.add(**{"Title": name} | values)
        return self.rows[name]


def owner_world(sandbox_factory: Any) -> Owner:
    """Rows not brought in yet: two songs whose numbers differ late, a lock of "None", sentinels."""
    database = Database(PROPERTIES)
    sandbox = sandbox_factory(build=database.builder())
    owner = Owner(database, sandbox)
    first = owner.track("Harbour Glow", "Nova")
    owner.add("Harbour Glow", Artist_Name="Nova", SoundCloud_URL=first.url, SoundCloud_ID=first.id)
    second = owner.track("Tide Machine", "Ada")
    owner.add("Tide Machine", Artist_Name="Ada", SoundCloud_URL=second.url, SoundCloud_ID=second.id)
    third = owner.track("Still Going (ft. Project Boro & Cia)", "Teo")
    owner.add(
        "Still Going (ft. Project Boro & Cia)",
        Artist_Name="Teo",
        SoundCloud_URL=third.url,
        WAV_File_Path="None",
        AIFF_File_Path="FILE_MISSING",
        Processing_Lock="None",
        Audio_Processing=["Metadata Enriched"],
    )
    ticked = owner.track("Ticked Elsewhere", "Nova")
    owner.add("Ticked Elsewhere", Artist_Name="Nova", SoundCloud_URL=ticked.url, Downloaded=True)
    return owner


def trash(owner: Owner, item_id: str) -> None:
    """Put an item into Eagle's trash, as a person does."""
    owner.sandbox.eagle.trash([item_id])


def old_env_file(folder: Path) -> None:
    """The earlier script's settings beside ours."""
    (folder / ".env").write_text(OLD_SETTINGS, "utf-8")
    (folder / ".env").chmod(0o600)
