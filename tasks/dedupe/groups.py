"""Rows of the database that are the same recording.

Only exact keys join rows, and every row of a group shares one with the keeper itself: two rows
that merely resemble a third are no group (soundcloud-and-audio.md 0, "pairwise, not transitive").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.dedupe.matching import same_recording
from tasks.tracks import Track

__all__ = ["DuplicateGroup", "duplicate_groups", "fullness"]

KeysOf = Callable[[Track], Iterable[str]]


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """The row to keep and the rows to redirect to it; `reason` is a phrase for the user."""

    keeper: Track
    others: tuple[Track, ...]
    reason: str


def duplicate_groups(tracks: Sequence[Track], key_of: KeysOf) -> list[DuplicateGroup]:
    """The groups of duplicates among `tracks`, in the order of their first row.

    `key_of` gives a row's exact keys: its SoundCloud id, its canonical address. A Spotify id joins
    rows only if their titles say the same, because one id is often pasted into many rows. Rows in
    the trash, rows redirected before, and rows whose two SoundCloud ids differ are never joined.
    """
    rows = [track for track in tracks if not (track.in_trash or track.is_duplicate)]
    keys = {row.page_id: frozenset(filter(None, key_of(row))) for row in rows}
    sharing = _rows_by_key(rows, keys)
    place = {row.page_id: number for number, row in enumerate(rows)}
    taken: set[str] = set()
    groups: list[DuplicateGroup] = []
    for keeper in sorted(rows, key=fullness):
        if keeper.page_id in taken:
            continue
        taken.add(keeper.page_id)
        found = _duplicates_of(keeper, keys, sharing, taken)
        if found:
            others = sorted(found.values(), key=lambda row: place[row.page_id])
            taken.update(found)
            groups.append(DuplicateGroup(keeper, tuple(others), _reason(keeper, others, keys)))
    return sorted(groups, key=lambda group: _first_place(group, place))


def fullness(track: Track) -> tuple[object, ...]:
    """A sort key that puts the row to keep first.

    Files, Eagle id, fingerprint, DL; then the oldest, then the smaller page id.
    """
    paths = (track.wav_path, track.aiff_path, track.m4a_path)
    return (
        -sum(map(bool, paths)),
        not track.eagle_id,
        not track.fingerprint,
        not track.downloaded,
        track.created_time or "~",
        track.page_id,
    )


def _rows_by_key(
    rows: Iterable[Track], keys: Mapping[str, frozenset[str]]
) -> Mapping[str, list[Track]]:
    sharing: defaultdict[str, list[Track]] = defaultdict(list)
    for row in rows:
        for key in keys[row.page_id]:
            sharing[key].append(row)
        if row.spotify_id:
            sharing[_spotify_key(row)].append(row)
    return sharing


def _duplicates_of(
    keeper: Track,
    keys: Mapping[str, frozenset[str]],
    sharing: Mapping[str, list[Track]],
    taken: set[str],
) -> dict[str, Track]:
    found: dict[str, Track] = {}
    for key in keys[keeper.page_id]:
        for row in sharing[key]:
            if row.page_id not in taken and not _ids_differ(keeper, row):
                found[row.page_id] = row
    for row in sharing[_spotify_key(keeper)] if keeper.spotify_id else ():
        if row.page_id not in taken and same_recording(keeper.label, row.label):
            found.setdefault(row.page_id, row)
    return found


def _ids_differ(one: Track, other: Track) -> bool:
    mine, theirs = one.soundcloud_id, other.soundcloud_id
    return bool(mine and theirs and mine != theirs)


def _spotify_key(track: Track) -> str:
    return f"spotify-id {track.spotify_id}"


def _reason(keeper: Track, others: Sequence[Track], keys: Mapping[str, frozenset[str]]) -> str:
    if all(keys[keeper.page_id] & keys[other.page_id] for other in others):
        return "the same SoundCloud track"
    if any(keys[keeper.page_id] & keys[other.page_id] for other in others):
        return "the same SoundCloud track or the same Spotify id and title"
    return "the same Spotify id and title"


def _first_place(group: DuplicateGroup, place: Mapping[str, int]) -> int:
    return min(place[row.page_id] for row in (group.keeper, *group.others))
