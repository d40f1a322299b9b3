"""Finished files into the library: Eagle's items, the playlist copies, the paths they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.rows.playlists import chosen_playlists
from flows.rows.reaching import in_eagle, place, place_copies
from flows.session.connections import Connections
from flows.track.claimed_row import ClaimedRow
from tasks.audio.recording import Recording
from tasks.eagle.index import Match
from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem
from tasks.eagle.stage import import_file
from tasks.errors import BadAddress
from tasks.facts import source_of
from tasks.tracks import FilePaths, Track


@dataclass(frozen=True, kw_only=True)
class InLibrary:
    """A recording as the library holds it: Eagle's items, the files' paths, the length in s.

    `note` is a remark on how it came there.
    """

    wav: EagleItem | None = None
    aiff: EagleItem | None = None
    paths: FilePaths = field(default_factory=FilePaths)
    seconds: float | None = None
    note: str = ""


async def deliver(
    row: ClaimedRow, track: Track, files: Recording, known: Match | None = None
) -> InLibrary:
    """Both files into Eagle, or into OUT_DIR without it; the WAV into the playlist folders.

    `known` are items that turned out to be this very recording once its PCM was known (another
    upload of it): they are adopted, not imported again. The row is looked at before the imports,
    and its playlists are those it has once they are done. Raises ClaimLost and LeaseLost before a
    step that cannot be taken back, RowChanged, EagleError, FileError.
    """
    connections = row.run.connections
    track = with_playlists(track, await row.look())
    if connections.eagle is None:
        return await _into_folder(row, track, files)
    known = known or Match()
    wav = await _item(row, track, known.wav, files.wav, files.pcm_sha256)
    aiff = await _item(row, track, known.aiff, files.aiff, files.pcm_sha256)
    track = with_playlists(track, await row.look())
    wav, aiff = await _in_eagle(row, wav, track), await _in_eagle(row, aiff, track)
    copies = await _copies(row, track, files)
    paths = _paths(row.eagle, wav, aiff, copies)
    return InLibrary(wav=wav, aiff=aiff, paths=paths, seconds=files.seconds)


async def adopt(row: ClaimedRow, track: Track, wav: EagleItem, aiff: EagleItem | None) -> InLibrary:
    """Items that Eagle has already: our tags are added, the playlist copies made if they can be."""
    connections, eagle = row.run.connections, row.eagle
    track = with_playlists(track, await row.look())
    wav = await _in_eagle(row, wav, track)
    if aiff is not None:
        aiff = await _in_eagle(row, aiff, track)
    file = eagle.file_path(wav)
    copies: Sequence[Path] = ()
    if file is not None:
        copies = await row.run.pauses.through(lambda: place_copies(connections, track, file))
    return InLibrary(
        wav=wav, aiff=aiff, paths=_paths(eagle, wav, aiff, copies), seconds=wav.duration
    )


def with_playlists(track: Track, now: Track) -> Track:
    """The track with the playlists its row has now."""
    return replace(track, playlists=now.playlists, playlist_ids=now.playlist_ids)


async def _item(
    row: ClaimedRow, track: Track, known: EagleItem | None, file: Path, pcm_sha256: str
) -> EagleItem:
    """The item that Eagle has already, if it is as long as the file; else the file's, imported."""
    if known is not None and await row.eagle.holds_as_much(known, file):
        return known
    return await import_one(row, track, file, pcm_sha256)


async def _in_eagle(row: ClaimedRow, item: EagleItem, track: Track) -> EagleItem:
    connections = row.run.connections
    return await row.run.pauses.through(lambda: in_eagle(connections, item, track))


async def _copies(row: ClaimedRow, track: Track, files: Recording) -> Sequence[Path]:
    connections, is_ours = row.run.connections, _is_ours(files)
    return await row.run.pauses.through(
        lambda: place_copies(connections, track, files.wav, files.pcm_sha256, is_ours=is_ours)
    )


def _is_ours(files: Recording) -> bool:
    """False for a WAV that the user had already: ours lies beside the AIFF that was just made."""
    return files.wav.parent == files.aiff.parent


async def import_one(row: ClaimedRow, track: Track, file: Path, pcm_sha256: str) -> EagleItem:
    """The item of one file, imported now or by an earlier attempt."""
    connections, eagle = row.run.connections, row.eagle
    item: EagleItem = await row.run.pauses.through(
        lambda: import_file(
            eagle,
            file,
            track,
            website=website(connections, track),
            fingerprint=pcm_sha256,
            playlist=chosen_playlists(connections.settings, track)[0],
            lock=row.lease,
        )
    )
    return item


async def _into_folder(row: ClaimedRow, track: Track, files: Recording) -> InLibrary:
    connections = row.run.connections
    root, first = connections.settings.out_dir, chosen_playlists(connections.settings, track)[:1]
    pcm, through = files.pcm_sha256, row.run.pauses.through
    wav = await through(lambda: place(track, files.wav, root, first, pcm, is_ours=_is_ours(files)))
    aiff = await through(lambda: place(track, files.aiff, root, first, pcm, is_ours=True))
    copies = await _copies(row, track, files)
    paths = FilePaths(wav=str(wav[0]), aiff=str(aiff[0]), playlist_wav=_first(copies))
    return InLibrary(paths=paths, seconds=files.seconds)


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


def website(connections: Connections, track: Track) -> str:
    """The address an item carries, by which it is found again: the row's own, made canonical."""
    try:
        return source_of(track, connections.hosts).url
    except BadAddress:
        return track.soundcloud_url or track.youtube_url
