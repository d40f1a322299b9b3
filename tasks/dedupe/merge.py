"""What a redirect changes: the keeper gains, nothing is overwritten, the other row points to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tasks.tracks import Track

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


def plan_merge(keeper: Track, other: Track) -> Mapping[str, object]:
    """What the keeper gains when `other` is redirected to it: fields of `Track`, new values.

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
    return changes


def _filled(keeper: Track, other: Track, fields: Iterable[str]) -> dict[str, object]:
    return {
        field: getattr(other, field)
        for field in fields
        if not getattr(keeper, field) and getattr(other, field)
    }
