"""What a redirect changes: the keeper gains, nothing is overwritten, the other row points to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.tracks import Track

__all__ = ["DUPLICATE_STATUS", "Merge", "plan_merge"]

DUPLICATE_STATUS = "Duplicate"

_FILLED = (
    "artist",
    "album",
    "genres",
    "soundcloud_url",
    "spotify_url",
    "youtube_url",
    "spotify_id",
    "soundcloud_id",
    "bpm",
    "key",
)
_UNITED = ("playlist_ids", "playlists", "tags")
_RECORDING = (
    "wav_path",
    "aiff_path",
    "m4a_path",
    "eagle_id",
    "fingerprint",
    "duration_seconds",
    "downloaded",
)


@dataclass(frozen=True, slots=True)
class Merge:
    """The changes to both rows, as fields of `Track` and their new values.

    `other_changes` has `statuses` with `Duplicate` added and `duplicate_of`, the keeper's page id.
    """

    keeper: Track
    other: Track
    keeper_changes: Mapping[str, object]
    other_changes: Mapping[str, object]


def plan_merge(keeper: Track, other: Track) -> Merge:
    """What redirecting `other` to `keeper` changes.

    Empty fields of the keeper are filled and its playlists and tags united with the other's. Paths,
    Eagle id, fingerprint and DL describe one set of files, so they are taken together, and only by
    a keeper that has no files. Neither lock is touched.
    """
    changes = dict(_filled(keeper, other, _FILLED))
    if not (keeper.has_paths or keeper.eagle_id):
        changes |= _filled(keeper, other, _RECORDING)
    for field in _UNITED:
        mine: tuple[str, ...] = getattr(keeper, field)
        united = tuple(dict.fromkeys([*mine, *getattr(other, field)]))
        if united != mine:
            changes[field] = united
    return Merge(keeper, other, changes, _redirect(keeper, other))


def _filled(keeper: Track, other: Track, fields: Iterable[str]) -> dict[str, object]:
    return {
        field: getattr(other, field)
        for field in fields
        if not getattr(keeper, field) and getattr(other, field)
    }


def _redirect(keeper: Track, other: Track) -> dict[str, object]:
    if DUPLICATE_STATUS in other.statuses:
        return {"duplicate_of": keeper.page_id}
    return {
        "statuses": (*other.statuses, DUPLICATE_STATUS),
        "duplicate_of": keeper.page_id,
    }
