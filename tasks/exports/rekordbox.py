"""The library as rekordbox's XML: a collection, and its playlists in one folder.

rekordbox shows it under "rekordbox xml" once the file is chosen in Preferences, Advanced, Database.
The format is AlphaTheta's ("rekordbox XML format list", rekordbox.com/support/developer): each
track has its Location as a file URL, each playlist names tracks by their TrackID, and the counts
`Entries` and `Count` agree with what follows. Written by pyrekordbox, an extra of the package.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tasks.errors import ConfigurationError
from tasks.exports.deck_track import DeckPlaylist, DeckTrack
from tasks.extras import how_to_add

FOLDER = "library-sync"
"""The name of the folder that holds the playlists."""

MARK = b'<PRODUCT Name="library-sync"'
"""By which a file is known to be ours: rekordbox's own export names rekordbox."""

_KINDS = {".wav": "WAV File", ".aiff": "AIFF File", ".aif": "AIFF File"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOTE = re.compile(r"([A-Ga-g])\s*([#b♯♭]?)\s*(major|maj|minor|min|m)?", re.IGNORECASE)
_SIGNS = {"♯": "#", "♭": "b", "B": "b"}


def library_xml(
    tracks: Iterable[DeckTrack],
    playlists: Sequence[DeckPlaylist],
    path_on_deck: Callable[[Path], str],
) -> bytes:
    """The XML of `tracks` and `playlists`; the same library gives the same bytes.

    `path_on_deck` says how the DJ's machine names a file of this one. Two rows with one file are
    one track. Raises ConfigurationError if pyrekordbox is not installed.
    """
    document = _new_document()
    ids: dict[str, int] = {}
    in_order = sorted(tracks, key=lambda track: (track.added, track.page_id))
    known: dict[str, int] = {}
    for track in in_order:
        location = _location(path_on_deck(track.path))
        if location not in ids:
            ids[location] = len(ids) + 1
            document.add_track(location, **_attributes(track, ids[location]))
        known[track.page_id] = ids[location]
    folder = document.add_playlist_folder(FOLDER)
    for playlist in sorted(playlists, key=lambda each: (each.name.casefold(), each.name)):
        node = folder.add_playlist(_plain(playlist.name), keytype="TrackID")
        numbers = [known[track.page_id] for track in playlist.tracks if track.page_id in known]
        for number in dict.fromkeys(numbers):
            node.add_track(number)
    text: str = document.tostring(encoding="utf-8")
    return text.encode("utf-8") + b"\n"


def tonality(key: str) -> str:
    """A key as rekordbox writes it: `A Minor` is `Am`, `F# Major` is `F#`; `8A` stays as it is."""
    found = _NOTE.fullmatch(key.strip())
    if found is None:
        return "" if key.strip().casefold() in {"unknown", "none"} else key.strip()
    note, sign, mode = found[1].upper(), found[2], found[3] or ""
    is_minor = mode == "m" or mode.casefold().startswith("min")
    return note + _SIGNS.get(sign, sign) + ("m" if is_minor else "")


def is_installed() -> bool:
    """True if pyrekordbox is there; it is not imported."""
    return importlib.util.find_spec("pyrekordbox") is not None


def import_ahead() -> None:
    """Import pyrekordbox where it is there, which takes a third of a second: beside a listing."""
    with suppress(ImportError):
        import pyrekordbox.rbxml  # noqa: F401, PLC0415  (an extra)


def _new_document() -> Any:
    try:
        from pyrekordbox.rbxml import RekordboxXml  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise ConfigurationError(
            "The export for rekordbox needs pyrekordbox, which is not installed.",
            remedy=how_to_add("rekordbox", "pyrekordbox"),
        ) from error
    return RekordboxXml(name="library-sync", version=version("library-sync"), company="")


def _attributes(track: DeckTrack, number: int) -> dict[str, str | int]:
    """What rekordbox reads of a track; what is not known is left out."""
    known: dict[str, str | int] = {
        "TrackID": number,
        "Name": _plain(track.title),
        "Artist": _plain(track.artist),
        "Album": _plain(track.album),
        "Genre": _plain(track.genre),
        "Kind": _KINDS.get(track.path.suffix.lower(), ""),
        "Size": track.size,
        "TotalTime": round(track.seconds),
        "DateAdded": track.added,
        "SampleRate": track.sample_rate,
        "AverageBpm": f"{track.bpm:.2f}" if track.bpm else "",
        "Tonality": _plain(tonality(track.key)),
    }
    return {name: value for name, value in known.items() if value or name in {"Name", "Artist"}}


def _location(path: str) -> str:
    """A path as pyrekordbox makes a file URL of it: it puts the first slash there itself."""
    plain = path.replace("\\", "/") if re.match(r"[A-Za-z]:[\\/]|\\\\", path) else path
    return plain.removeprefix("/")


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("", text)
