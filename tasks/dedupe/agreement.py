"""Do two rows mean one track? Two keys must agree and none may differ.

One key alone has joined different songs: an id that was rounded, an address that was used again for
another upload, one Spotify id pasted into many rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.dedupe.matching import same_recording, same_version
from tasks.tracks import Track

_SECONDS_APART = 3.0
_COMPARABLE = ("soundcloud.com/", "youtube:")
"""Services whose addresses differ for different tracks; a short link may lead to any of them."""


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
