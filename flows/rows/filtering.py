"""Which rows a run is about: by the filter, by name, or because they failed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from pathlib import Path, PurePath

from flows.rows.copied import is_doubtful
from flows.session.connections import Connections
from tasks.attempts import Attempt
from tasks.eagle.index import Match
from tasks.errors import ErrorType
from tasks.facts import gather_facts
from tasks.locks.order import machine_name, own_part_first
from tasks.locks.ports import LockRow
from tasks.locks.track_locks import TrackLocks
from tasks.notion.filters import wants
from tasks.notion.properties import Field
from tasks.notion.queries import find_row, iterate_tracks
from tasks.notion.rows import to_track
from tasks.notion.statuses import errors_of
from tasks.planning import Action, Plan, plan_track
from tasks.tracks import Track, TrackFilter


def is_wanted(connections: Connections, track: Track, track_filter: TrackFilter) -> bool:
    """True if the filter is about the row; `missing_eagle` also finds what got lost here, and
    rows that seem to name another song's item.
    """
    if wants(track, track_filter):
        return True
    if track_filter is not TrackFilter.MISSING_EAGLE or not track.downloaded:
        return False
    return is_gone(connections, track) or is_doubtful(connections, track)


def still_wanted(connections: Connections, track_filter: TrackFilter) -> Callable[[LockRow], bool]:
    """Whether a claim is still about the row, by the row as the claim reads it."""

    def judge(row: LockRow) -> bool:
        return is_wanted(connections, to_track(row.page, connections.schema), track_filter)

    return judge


def wanted_rows(connections: Connections, track_filter: TrackFilter) -> AsyncGenerator[Track, None]:
    """The rows the filter is about, as a listing of now gives them. Raises a NotionError."""
    return iterate_tracks(
        connections.notion,
        connections.schema,
        track_filter,
        lambda track: is_wanted(connections, track, track_filter),
    )


def is_gone(connections: Connections, track: Track) -> bool:
    """True if the row is ticked, but its Eagle item and its files are both gone.

    So it is where the item lies in Eagle's trash. Else only for files that lay in this machine's
    own folders: an id that this Eagle does not know may be one of another machine's library.
    """
    index = connections.index
    if index is None or not (track.downloaded and track.eagle_id) or track.in_trash:
        return False
    if index.get(track.eagle_id) is not None or track.is_duplicate:
        return False
    if index.is_trashed(track.eagle_id):
        return True
    paths = [Path(path) for path in (track.wav_path, track.aiff_path) if path]
    return bool(paths) and all(_is_ours(connections, path) and not path.exists() for path in paths)


def plan_for(connections: Connections, row: Track, match: Match | None) -> Plan:
    """What a run does with the row, whose items in Eagle are `match`."""
    return plan_track(
        row,
        gather_facts(
            row,
            match,
            connections.hosts,
            is_gone=is_gone(connections, row),
            index=connections.index,
        ),
    )


def _is_ours(connections: Connections, path: PurePath) -> bool:
    roots = [connections.settings.out_dir, connections.settings.playlist_tracks_dir]
    if connections.eagle is not None:
        roots.append(connections.eagle.folder)
    return any(root is not None and path.is_relative_to(root) for root in roots)


async def unlisted(
    connections: Connections,
    tracks: Sequence[Track],
    track_filter: TrackFilter,
    page_ids: Collection[str],
) -> list[Track]:
    """The rows of `page_ids` that are wanted and not among `tracks`: a query may lag behind."""
    listed = {track.page_id for track in tracks}
    unseen = sorted(set(page_ids) - listed)
    rows = [await find_row(connections.notion, connections.schema, each) for each in unseen]
    return [row for row in rows if row is not None and is_wanted(connections, row, track_filter)]


def own_rows_first(
    locks: TrackLocks, machines: frozenset[str], tracks: Sequence[Track]
) -> list[Track]:
    """This machine's part of the list first, so that two machines seldom ask for one row."""
    if not locks.enabled:
        return list(tracks)
    by_id = {track.page_id: track for track in tracks}
    us = machine_name(locks.owner.host, locks.owner.pid)
    return [by_id[page_id] for page_id in own_part_first(by_id, us, machines)]


def failed_last(connections: Connections, tracks: Sequence[Track]) -> list[Track]:
    """Rows never tried before those that failed, else in their order: new ones never starve."""
    return sorted(tracks, key=lambda track: has_failed(connections, track))


def has_failed(connections: Connections, track: Track) -> bool:
    """True if the row shows an error, or this machine remembers one."""
    return bool(errors_of(track)) or connections.attempts.of(track.page_id) is not None


def only_failed(
    connections: Connections, tracks: Sequence[Track], error: ErrorType | None
) -> list[Track]:
    """The rows that failed before, with `error` if it is given (`sync --retry-failed`).

    By the status the row shows; where the status property cannot show an error, by this
    machine's journal.
    """
    return [track for track in tracks if _has_failed(connections, track, error)]


def _has_failed(connections: Connections, track: Track, error: ErrorType | None) -> bool:
    shown = set(errors_of(track))
    if not shown and not _shows_errors(connections):
        known = connections.attempts.of(track.page_id)
        shown = {known.error.value} if known else set()
    return bool(shown) if error is None else error.value in shown


def resting(connections: Connections, track: Track, action: Action) -> Attempt | None:
    """The attempt for whose sake the row is left alone today, None if it is to be tried.

    Only downloads rest: what is in Eagle or on the disk is taken at once. Who clears the error in
    the row's status asks for another attempt.
    """
    if action is not Action.DOWNLOAD:
        return None
    attempt = connections.attempts.resting(track)
    if attempt is None:
        return None
    was_cleared = _shows_errors(connections) and attempt.error.value not in errors_of(track)
    return None if was_cleared else attempt


def _shows_errors(connections: Connections) -> bool:
    """A `status` property has our errors only as "Failed"."""
    schema = connections.schema
    return Field.STATUS in schema and schema[Field.STATUS].type != "status"
