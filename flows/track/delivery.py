"""Finished files into the library: Eagle's items, the playlist copies, the paths they have."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.session.connections import Connections
from tasks.audio.inspecting import pcm_hash
from tasks.audio.names import file_stem
from tasks.audio.stage import place_in_playlists
from tasks.eagle.index import Match
from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem
from tasks.eagle.stage import adopt_item, import_file
from tasks.errors import BadAddress
from tasks.facts import source_of
from tasks.locks.track_locks import HeldRow
from tasks.tracks import FilePaths, Track

__all__ = ["Finished", "Held", "adopt", "deliver", "import_one", "website"]

_UNASSIGNED = "Unassigned"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A recording's files, proven whole, and the hash of their PCM (64 hex digits)."""

    wav: Path
    aiff: Path
    pcm_sha256: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Held:
    """A recording as the library holds it: Eagle's items, the files' paths, the length in s.

    `note` is a remark on how it came there.
    """

    wav: EagleItem | None = None
    aiff: EagleItem | None = None
    paths: FilePaths = field(default_factory=FilePaths)
    seconds: float | None = None
    note: str = ""


async def deliver(
    connections: Connections,
    lease: HeldRow,
    track: Track,
    files: Finished,
    known: Match | None = None,
) -> Held:
    """Both files into Eagle, or into OUT_DIR without it; the WAV into the playlist folders.

    `known` are items that turned out to be this very recording once its PCM was known (another
    upload of it): they are adopted, not imported again. Raises LeaseLost before a step that
    cannot be taken back, EagleError, FileError.
    """
    lease.require_safe()
    if connections.eagle is None:
        return await _into_folder(connections, track, files)
    known = known or Match()
    wav = await _item(connections, lease, track, known.wav, files.wav, files.pcm_sha256)
    aiff = await _item(connections, lease, track, known.aiff, files.aiff, files.pcm_sha256)
    copies = await _copies(connections, track, files.wav, files.pcm_sha256)
    paths = _paths(connections.eagle, wav, aiff, copies)
    return Held(wav=wav, aiff=aiff, paths=paths, seconds=files.seconds)


async def adopt(
    connections: Connections,
    eagle: EagleLibrary,
    track: Track,
    wav: EagleItem,
    aiff: EagleItem | None,
) -> Held:
    """Items that Eagle has already: our tags are added, the playlist copy made if it can be."""
    playlist = _playlist(track)
    wav = await adopt_item(eagle, wav, track, playlist)
    if aiff is not None:
        aiff = await adopt_item(eagle, aiff, track, playlist)
    copies: Sequence[Path] = ()
    file = eagle.file_path(wav)
    if file is not None and connections.settings.playlist_tracks_dir is not None:
        known = await asyncio.to_thread(pcm_hash, file)
        copies = await _copies(connections, track, file, known or "")
    return Held(wav=wav, aiff=aiff, paths=_paths(eagle, wav, aiff, copies), seconds=wav.duration)


async def _item(
    connections: Connections,
    lease: HeldRow,
    track: Track,
    known: EagleItem | None,
    file: Path,
    pcm_sha256: str,
) -> EagleItem:
    """The item that Eagle has, with our tags added; else the file's, imported."""
    if known is None:
        return await import_one(connections, lease, track, file, pcm_sha256)
    assert connections.eagle is not None
    return await adopt_item(connections.eagle, known, track, _playlist(track))


async def import_one(
    connections: Connections, lease: HeldRow, track: Track, file: Path, pcm_sha256: str
) -> EagleItem:
    """The item of one file, imported now or by an earlier attempt."""
    assert connections.eagle is not None
    item: EagleItem = await import_file(
        connections.eagle,
        file,
        track,
        website=website(connections, track),
        fingerprint=pcm_sha256,
        playlist=_playlist(track),
        require_safe=lease.require_safe,
    )
    return item


async def _into_folder(connections: Connections, track: Track, files: Finished) -> Held:
    root, playlists = connections.settings.out_dir, [_playlist(track)]
    wav = await _place(track, files.wav, root, playlists, files.pcm_sha256)
    aiff = await _place(track, files.aiff, root, playlists, files.pcm_sha256)
    copies = await _copies(connections, track, files.wav, files.pcm_sha256)
    paths = FilePaths(wav=str(wav[0]), aiff=str(aiff[0]), playlist_wav=_first(copies))
    return Held(paths=paths, seconds=files.seconds)


async def _copies(
    connections: Connections, track: Track, wav: Path, pcm_sha256: str
) -> Sequence[Path]:
    """The WAV in the folder of the row's first playlist, or of all of them (PLAYLIST_COPIES)."""
    root = connections.settings.playlist_tracks_dir
    if root is None:
        return ()
    playlists = track.playlists or (_UNASSIGNED,)
    chosen = playlists if connections.settings.copy_all_playlists else playlists[:1]
    return await _place(track, wav, root, chosen, pcm_sha256)


async def _place(
    track: Track, file: Path, root: Path, playlists: Sequence[str], pcm_sha256: str
) -> Sequence[Path]:
    placed: Sequence[Path] = await place_in_playlists(
        file,
        root,
        playlists,
        file_stem(track.artist, track.title),
        pcm_sha256=pcm_sha256,
        tie_breaker=track.soundcloud_id or track.page_id[:8],
    )
    return placed


def _paths(
    eagle: EagleLibrary, wav: EagleItem, aiff: EagleItem | None, copies: Sequence[Path]
) -> FilePaths:
    """Eagle's own files as this machine sees them; the copy where it does not see them."""
    in_eagle = eagle.file_path(wav)
    aiff_file = eagle.file_path(aiff) if aiff else None
    return FilePaths(
        wav=str(in_eagle) if in_eagle else _first(copies),
        aiff=str(aiff_file) if aiff_file else None,
        playlist_wav=_first(copies),
    )


def _first(paths: Sequence[Path]) -> str | None:
    return str(paths[0]) if paths else None


def _playlist(track: Track) -> str:
    return track.playlists[0] if track.playlists else _UNASSIGNED


def website(connections: Connections, track: Track) -> str:
    """The address an item carries, by which it is found again: the row's own, made canonical."""
    try:
        return source_of(track, connections.settings.allowed_source_hosts).url
    except BadAddress:
        return track.soundcloud_url or track.youtube_url
