"""Exports made: M3U8 for the playlists, one XML for rekordbox; by a command, and after runs."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.exporting.deck import Deck, copies_in, read_deck
from flows.session.clients import opened_services
from flows.session.opening import Run
from flows.settings import Settings
from flows.summary import SyncSummary
from tasks.audio.names import folded_name, folder_name
from tasks.eagle.paths import PathMap
from tasks.errors import ConfigurationError, FileError, SyncError
from tasks.exports import m3u, rekordbox
from tasks.exports.deck_track import DeckPlaylist, DeckTrack
from tasks.exports.kinds import ExportKind
from tasks.exports.writing import is_ours, write_export
from tasks.notion.playlists import PlaylistNames
from tasks.shown_text import counted
from tasks.tracks import TrackResult, TrackStatus

_log = logging.getLogger("flows.export")

_XML = "library-sync.xml"
_SUFFIX = ".m3u8"


@dataclass(kw_only=True)
class Exported:
    """The files of one kind that stand now, how many were replaced, and what they do not hold.

    `problems` are files that could not be written.
    """

    kind: str
    files: list[Path]
    replaced: int = 0
    tracks: int = 0
    unseen: int = 0
    problems: list[str]

    def lines(self) -> list[str]:
        """The outcome for a terminal."""
        text = [f"   {path}" for path in self.files] + [f"   {each}" for each in self.problems]
        return [*text, str(self)]

    def __str__(self) -> str:
        files, tracks = counted(len(self.files), "file"), counted(self.tracks, "track")
        count = f"{self.kind}: {files} ({self.replaced} new or changed), {tracks}"
        rows = f"; {counted(self.unseen, 'finished row')} without a file on this machine"
        return f"{count}{rows if self.unseen else ''}."


async def export_library(
    settings: Settings, kind: ExportKind, playlist: str = "", out: Path | None = None
) -> Exported:
    """Make one kind of export of the whole library, or of one playlist, at `out`.

    Raises ConfigurationError, NotionError, FileError.
    """
    if kind is ExportKind.M3U and out is None:
        _playlists_folder(settings)
    async with opened_services(settings) as services:
        names = PlaylistNames(services.notion, services.schema)
        deck = await read_deck(settings, services.notion, services.schema, names, whole=True)
    chosen = _chosen(deck, playlist) if playlist else None
    make = _make_m3u if kind is ExportKind.M3U else _make_xml
    return await asyncio.to_thread(make, deck, settings, chosen, out)


async def export_after(run: Run, summary: SyncSummary) -> None:
    """Bring the exports up to date after a run that changed something.

    M3U8 where there are playlist copies, the XML where pyrekordbox is installed. Nothing that
    fails here fails the run.
    """
    settings, connections, state = run.connections.settings, run.connections, run.state
    changed = [result.page_id for result in summary.results if _has_changed(result)]
    makers = [_make_m3u] if settings.playlist_tracks_dir else []
    makers += [_make_xml] if rekordbox.is_installed() else []
    is_due = bool(changed or state.brought or state.playlists_left)
    if settings.dry_run or not is_due or not makers:
        return
    notion, schema, names = connections.notion, connections.schema, connections.playlists
    try:
        deck, _ = await asyncio.gather(
            read_deck(settings, notion, schema, names, changed=changed),
            asyncio.to_thread(rekordbox.import_ahead),
        )
        for make in makers:
            made = await asyncio.to_thread(make, deck, settings)
            if made.replaced:
                _log.info("   %s", made)
            if made.problems:
                more = len(made.problems) - 1
                state.warn(made.problems[0] + (f" ({more} more like it.)" if more else ""))
    except SyncError as error:
        state.warn(f"The exports were not made: {error} {error.remedy}")


def _has_changed(result: TrackResult) -> bool:
    return result.status is TrackStatus.PROCESSED or result.dedupe_redirected


def _chosen(deck: Deck, playlist: str) -> list[str]:
    """The playlists of this name, in any case. Raises ConfigurationError if there is none."""
    found = [name for name in deck.playlists if name.casefold() == playlist.casefold()]
    if not found:
        some = ", ".join(sorted(deck.playlists)[:10]) or "none"
        raise ConfigurationError(
            f"No finished track is in a playlist named {playlist!r}.",
            remedy=f"Playlists with finished tracks: {some}.",
        )
    return found


def _playlists_folder(settings: Settings) -> Path:
    if settings.playlist_tracks_dir is None:
        raise ConfigurationError(
            "PLAYLIST_TRACKS_DIR is not set, so there is no folder for playlists.",
            remedy="Set it, or name a folder with --out.",
        )
    return settings.playlist_tracks_dir


def _make_m3u(
    deck: Deck, settings: Settings, only: Sequence[str] | None = None, out: Path | None = None
) -> Exported:
    """A file a playlist: beside its copies, in the folder `out`, or at `out` if that is a file.

    Playlists whose names a Mac takes for one are one.
    """
    made = Exported(kind="Playlists as M3U8", files=[], problems=[], unseen=deck.unseen)
    by_folder: defaultdict[str, list[str]] = defaultdict(list)
    for name in deck.playlists if only is None else only:
        by_folder[folded_name(folder_name(name))].append(name)
    for _, some in sorted(by_folder.items()):
        names = sorted(some)
        folder = folder_name(names[0])
        place = _m3u_place(settings, folder, out, is_only=len(by_folder) == 1)
        pages = dict.fromkeys(page for name in names for page in deck.playlists[name])
        tracks = _with_copies(deck, settings, folder, list(pages))
        if not tracks:
            continue
        text = m3u.playlist_text(DeckPlaylist(name=names[0], tracks=tuple(tracks)), place.parent)
        made.tracks += len(tracks)
        _write(made, settings, place, text.encode(), m3u.MARK.encode())
    if only is None and out is None:
        _empty_those_left(made, settings, by_folder)
    return made


def _empty_those_left(made: Exported, settings: Settings, folders: Collection[str]) -> None:
    """A playlist that no finished row is in any more keeps its file, without tracks."""
    for place in sorted(_playlists_folder(settings).glob(f"*/*{_SUFFIX}")):
        is_left = place.stem == place.parent.name and folded_name(place.stem) not in folders
        if is_left and is_ours(place, mark=m3u.MARK.encode()):
            text = m3u.playlist_text(DeckPlaylist(name=place.stem, tracks=()), place.parent)
            _write(made, settings, place, text.encode(), m3u.MARK.encode())


def _m3u_place(settings: Settings, folder: str, out: Path | None, *, is_only: bool) -> Path:
    if out is None:
        return _playlists_folder(settings) / folder / f"{folder}{_SUFFIX}"
    out = out.expanduser().absolute()
    return out if is_only and out.suffix.lower() == _SUFFIX else out / f"{folder}{_SUFFIX}"


def _with_copies(
    deck: Deck, settings: Settings, folder: str, pages: Sequence[str]
) -> list[DeckTrack]:
    """The tracks of a playlist: its own copies, else those of the row's other playlists, else the
    library's files.
    """
    found = []
    copies: dict[str, Mapping[str, Path]] = {}
    for page_id in pages:
        track, row = deck.tracks.get(page_id), deck.rows[page_id]
        for each in [folder, *(folder_name(name) for name in row.playlists)]:
            if each not in copies:
                copies[each] = _copies(deck, settings, each)
        if track is not None:
            own = copies[folder].get(page_id)
            others = (copies[folder_name(name)].get(page_id) for name in row.playlists)
            found.append(_at(track, own or next(filter(None, others), track.path)))
    return found


def _copies(deck: Deck, settings: Settings, folder: str) -> Mapping[str, Path]:
    root = settings.playlist_tracks_dir
    if root is None:
        return {}
    names = [name for name in deck.playlists if folder_name(name) == folder]
    return copies_in(root / folder, [deck.rows[p] for name in names for p in deck.playlists[name]])


def _at(track: DeckTrack, path: Path) -> DeckTrack:
    return track if path == track.path else DeckTrack(**vars(track) | {"path": path})


def _make_xml(
    deck: Deck, settings: Settings, only: Sequence[str] | None = None, out: Path | None = None
) -> Exported:
    """The XML of all tracks, or of those in the playlists `only`."""
    place = out.expanduser().absolute() if out else _xml_place(settings)
    place = place / _XML if place.is_dir() else place
    playlists = [
        DeckPlaylist(name=name, tracks=tuple(deck.tracks[p] for p in pages if p in deck.tracks))
        for name, pages in deck.playlists.items()
        if only is None or name in only
    ]
    tracks = list(deck.tracks.values())
    if only is not None:
        wanted = {track.page_id for each in playlists for track in each.tracks}
        tracks = [track for track in tracks if track.page_id in wanted]
    made = Exported(
        kind="XML for rekordbox",
        files=[],
        problems=[],
        tracks=len(tracks),
        unseen=deck.unseen,
    )
    to_deck = PathMap.parse(settings.eagle_path_map).to_eagle
    _write(made, settings, place, rekordbox.library_xml(tracks, playlists, to_deck), rekordbox.MARK)
    return made


def _xml_place(settings: Settings) -> Path:
    return (settings.playlist_tracks_dir or settings.out_dir) / _XML


def _write(made: Exported, settings: Settings, place: Path, data: bytes, mark: bytes) -> None:
    try:
        if not settings.dry_run and write_export(place, data, mark=mark):
            made.replaced += 1
    except FileError as error:
        made.problems.append(f"{error} {error.remedy}")
        return
    made.files.append(place)
