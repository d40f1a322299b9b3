"""Is the run about this row? The filter's judgement, with what this machine can see."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path, PurePath

from flows.session import Session
from tasks.notion.filters import wants
from tasks.notion.stage import iterate_tracks
from tasks.tracks import Track, TrackFilter

__all__ = ["is_gone", "is_wanted", "wanted_rows"]


def is_wanted(session: Session, track: Track, track_filter: TrackFilter) -> bool:
    """True if the filter is about the row; `missing_eagle` also finds what got lost here."""
    if wants(track, track_filter):
        return True
    return track_filter is TrackFilter.MISSING_EAGLE and is_gone(session, track)


def wanted_rows(session: Session) -> AsyncGenerator[Track, None]:
    """The rows this run is about, as a listing of now gives them. Raises a NotionError."""
    return iterate_tracks(
        session.notion,
        session.schema,
        session.track_filter,
        lambda track: is_wanted(session, track, session.track_filter),
    )


def is_gone(session: Session, track: Track) -> bool:
    """True if the row is ticked, but its Eagle item and its files are both gone.

    Only for files that lay in this machine's own folders: an id that this Eagle does not know may
    be an item of another machine's library.
    """
    index = session.index
    if index is None or not (track.downloaded and track.eagle_id) or track.in_trash:
        return False
    if index.get(track.eagle_id) is not None or track.is_duplicate:
        return False
    paths = [Path(path) for path in (track.wav_path, track.aiff_path) if path]
    return bool(paths) and all(_is_ours(session, path) and not path.exists() for path in paths)


def _is_ours(session: Session, path: PurePath) -> bool:
    roots = [session.settings.out_dir, session.settings.playlist_tracks_dir]
    if session.eagle is not None:
        roots.append(session.eagle.folder)
    return any(root is not None and path.is_relative_to(root) for root in roots)
