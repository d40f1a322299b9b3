"""What a finished row lacks of what it should say and have: found without asking anybody.

A row says where its files are; files move. It says its playlists; a person adds one. An earlier
run may have been cut off before its last write. `--filter all` makes such rows whole without a
download.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.rows.playlists import UNASSIGNED, chosen_playlists, copy_paths, lacks_in_eagle
from flows.session.connections import Connections
from flows.settings import Settings
from tasks.audio.names import file_stem, folder_name
from tasks.eagle.index import Match
from tasks.eagle.records import EagleItem, told_by_item
from tasks.facts import is_current
from tasks.notion.properties import Field
from tasks.notion.schema import Schema
from tasks.notion.statuses import COMPLETE, status_value
from tasks.tracks import FilePaths, Track


@dataclass(frozen=True)
class Adoption:
    """A finished row, and the items in Eagle that are its recording (none without Eagle)."""

    track: Track
    match: Match
    reason: str


def is_only_an_id(track: Track, match: Match | None) -> bool:
    """True if the row is finished, nobody works on it, and Eagle's WAV is known."""
    return bool(track.downloaded and not track.lock and match and match.wav)


def lacking(connections: Connections, row: Track, match: Match | None) -> Sequence[str]:
    """What `adopt_rows` would add to the row or make of it, as phrases; nothing if it is whole."""
    settings, eagle = connections.settings, connections.eagle
    match = match or Match()
    paths = known_paths(connections, row, match)
    found = []
    if _missing(connections.schema, row, match, paths):
        found.append("what the row lacks")
    if eagle is not None:
        items = [item for item in (match.wav, match.aiff) if item is not None]
        if any(lacks_in_eagle(settings, eagle, item, row) for item in items):
            found.append("folders and tags in Eagle")
    if paths.wav and lost_copies(settings, row):
        found.append("playlist copies")
    return found


def lost_copies(settings: Settings, row: Track) -> Sequence[str]:
    """The chosen playlists whose copy is not there."""
    if settings.playlist_tracks_dir is None:
        return ()
    return [
        playlist
        for playlist in chosen_playlists(settings, row)
        if not any(map(Path.is_file, copy_paths(settings, row, playlist)))
    ]


def known_paths(connections: Connections, row: Track, match: Match | None) -> FilePaths:
    """Where the row's files are by what this machine sees: the row's own, Eagle's, a folder's."""
    match = match or Match()
    return FilePaths(
        wav=_known(connections, row, row.wav_path, match.wav, "wav"),
        aiff=_known(connections, row, row.aiff_path, match.aiff, "aiff"),
    )


def _known(
    connections: Connections, row: Track, named: str, item: EagleItem | None, extension: str
) -> str | None:
    """The first of these that is a file; a row that names one is looked at no further."""
    index = connections.eagle.index if connections.eagle else None
    if is_current(named, index):
        return named
    if is_current(in_eagle := _in_eagle(connections, item), index):
        return in_eagle
    places = _in_folders(connections, row, extension)
    return next((each for each in places if is_current(each, index)), None)


def missing_values(
    connections: Connections, row: Track, match: Match | None
) -> Mapping[Field, Any]:
    """What to write: empty fields that can be filled, paths that lead nowhere and are known.

    The status is among them only where something else is, or where it is not there yet.
    """
    paths = known_paths(connections, row, match)
    return _missing(connections.schema, row, match or Match(), paths)


def _missing(schema: Schema, row: Track, match: Match, paths: FilePaths) -> Mapping[Field, Any]:
    told = told_by_item(row, match.wav) if match.wav else row
    wanted = {
        Field.WAV_PATH: paths.wav,
        Field.AIFF_PATH: paths.aiff,
        Field.EAGLE_ID: match.wav.id if match.wav else None,
        Field.EAGLE_AIFF_ID: match.aiff.id if match.aiff else None,
        Field.SOUNDCLOUD_ID: told.soundcloud_id,
        Field.FINGERPRINT: told.fingerprint,
        Field.ARTIST: told.artist,
    }
    found = {
        field: value
        for field, value in wanted.items()
        if value and schema.writes(field) and value != getattr(row, field.value)
    }
    if match.wav is None or _is_shown(schema, row):
        return found
    status = status_value(schema, row.statuses, COMPLETE)
    return found if status is None else found | {Field.STATUS: status}


def _is_shown(schema: Schema, row: Track) -> bool:
    """True if the row shows that its files are in Eagle, or cannot show it."""
    if not schema.writes(Field.STATUS) or schema[Field.STATUS].type in {"status", "select"}:
        return bool(row.statuses)
    return COMPLETE in row.statuses


def _in_eagle(connections: Connections, item: EagleItem | None) -> str:
    if item is None or connections.eagle is None:
        return ""
    return str(connections.eagle.file_path(item) or "")


def _in_folders(connections: Connections, row: Track, extension: str) -> Sequence[str]:
    """Where the files would be in OUT_DIR and PLAYLIST_TRACKS_DIR as they are set now."""
    settings = connections.settings
    playlists = row.playlists or (UNASSIGNED,)
    found = []
    if connections.eagle is None:
        name = f"{file_stem(row.artist, row.title)}.{extension}"
        found += [str(settings.out_dir / folder_name(each) / name) for each in playlists]
    if extension == "wav":
        found += [str(path) for each in playlists for path in copy_paths(settings, row, each)]
    return found
