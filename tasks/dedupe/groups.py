"""Rows of the database that are the same recording.

Rows are joined where two keys agree and none differs; `agreement` compares them. Every row of a
group is compared with the keeper itself: two rows that merely resemble a third are no group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.dedupe.agreement import RowKeys, agree
from tasks.tracks import Track

KeysOf = Callable[[Track], RowKeys]


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """The row to keep and the rows to redirect to it; `reason` is a phrase for the user."""

    keeper: Track
    others: tuple[Track, ...]
    reason: str


def _never(_one: str, _other: str) -> bool:
    return False


def duplicate_groups(
    tracks: Sequence[Track], key_of: KeysOf, are_apart: Callable[[str, str], bool] = _never
) -> list[DuplicateGroup]:
    """The groups of duplicates among `tracks`, in the order of their first row.

    `are_apart` says of two page ids that a person wants them apart.

    `key_of` gives a row's exact keys: its SoundCloud id, its canonical addresses. Rows in the trash
    and rows redirected before are never joined.
    """
    rows = [track for track in tracks if not (track.in_trash or track.is_duplicate)]
    keys = {row.page_id: key_of(row) for row in rows}
    sharing = _rows_by_key(rows, keys)
    place = {row.page_id: number for number, row in enumerate(rows)}
    taken: set[str] = set()
    groups: list[DuplicateGroup] = []
    for keeper in sorted(rows, key=fullness):
        if keeper.page_id in taken:
            continue
        taken.add(keeper.page_id)
        found = _duplicates_of(keeper, keys, sharing, taken, are_apart)
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


def _rows_by_key(rows: Iterable[Track], keys: Mapping[str, RowKeys]) -> Mapping[str, list[Track]]:
    sharing: defaultdict[str, list[Track]] = defaultdict(list)
    for row in rows:
        for key in keys[row.page_id].exact(row):
            sharing[key].append(row)
    return sharing


def _duplicates_of(
    keeper: Track,
    keys: Mapping[str, RowKeys],
    sharing: Mapping[str, list[Track]],
    taken: set[str],
    are_apart: Callable[[str, str], bool],
) -> dict[str, Track]:
    mine = keys[keeper.page_id]
    near = {row.page_id: row for key in mine.exact(keeper) for row in sharing[key]}
    return {
        page_id: row
        for page_id, row in near.items()
        if page_id not in taken
        and not are_apart(keeper.page_id, page_id)
        and agree(keeper, mine, row, keys[page_id])
    }


def _reason(keeper: Track, others: Sequence[Track], keys: Mapping[str, RowKeys]) -> str:
    mine = keys[keeper.page_id]
    shared = [mine.is_one_track(keys[other.page_id]) for other in others]
    if all(shared):
        return "the same SoundCloud track"
    if any(shared):
        return "the same SoundCloud track or the same Spotify id and title"
    return "the same Spotify id and title"


def _first_place(group: DuplicateGroup, place: Mapping[str, int]) -> int:
    return min(place[row.page_id] for row in (group.keeper, *group.others))
