"""Rows of the database that are the same recording.

Rows are joined where two keys agree and none differs. One key alone has joined different songs: an
id that was rounded, an address that was used again for another upload, one Spotify id pasted into
many rows. Every row of a group is compared with the keeper itself: two rows that merely resemble a
third are no group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tasks.dedupe.matching import same_recording, same_version
from tasks.tracks import Track

KeysOf: TypeAlias = "Callable[[Track], RowKeys]"
_SECONDS_APART = 3.0
_COMPARABLE = ("soundcloud.com/", "youtube:")
"""Services whose addresses differ for different tracks; a short link may lead to any of them."""


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


@dataclass(frozen=True, slots=True)
class RowKeys:
    """A row's exact keys: its canonical addresses, and SoundCloud's number of the track."""

    addresses: frozenset[str] = frozenset()
    soundcloud_id: str = ""

    def exact(self, track: Track) -> Iterator[str]:
        """The keys two rows of one track may share; those of `track`'s Spotify id among them."""
        yield from self.addresses
        if self.soundcloud_id:
            yield f"soundcloud-id {self.soundcloud_id}"
        if track.spotify_id:
            yield f"spotify-id {track.spotify_id}"

    def is_one_track(self, other: RowKeys) -> bool:
        """True if both name one SoundCloud track or one address."""
        same_id = bool(self.soundcloud_id) and self.soundcloud_id == other.soundcloud_id
        return same_id or bool(self.addresses & other.addresses)


def agree(one: Track, mine: RowKeys, other: Track, theirs: RowKeys) -> bool:
    """True if two keys agree and none differs.

    The keys are the address, SoundCloud's id, the length, the title's version; a Spotify id counts
    with a title that names the same recording. What one of the rows does not tell neither agrees
    nor differs; a row without a title says nothing against the other's version. SoundCloud gives a
    renamed track another address: with one id and one title, two addresses are no difference.
    """
    addresses = _addresses(mine, theirs)
    same_id = _equal(mine.soundcloud_id, theirs.soundcloud_id)
    if addresses is False and same_id and same_recording(one.label, other.label):
        addresses = None
    verdicts = [
        addresses,
        same_id,
        _lengths(one.duration_seconds, other.duration_seconds),
        _versions(one, other),
    ]
    if not mine.is_one_track(theirs):
        verdicts.append(_spotify(one, other))
        if verdicts[-1] is not True:
            return False
    return False not in verdicts and verdicts.count(True) >= 2


def _addresses(mine: RowKeys, theirs: RowKeys) -> bool | None:
    if mine.addresses & theirs.addresses:
        return True
    for service in _COMPARABLE:
        if _has(mine, service) and _has(theirs, service):
            return False
    return None


def _has(keys: RowKeys, service: str) -> bool:
    return any(key.startswith(service) for key in keys.addresses)


def _equal(one: str, other: str) -> bool | None:
    return one == other if one and other else None


def _lengths(one: float | None, other: float | None) -> bool | None:
    return abs(one - other) <= _SECONDS_APART if one and other else None


def _versions(one: Track, other: Track) -> bool:
    return not (one.title and other.title) or same_version(one.title, other.title)


def _spotify(one: Track, other: Track) -> bool | None:
    if not one.spotify_id or one.spotify_id != other.spotify_id:
        return None
    return same_recording(one.label, other.label)
