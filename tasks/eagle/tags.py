"""Which tags an import carries, and what an item tells of its track by them. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from tasks.eagle.records import FINGERPRINT_TAG, EagleItem
from tasks.tracks import Track

_HEX_64 = re.compile(r"[0-9a-f]{64}")


def import_tags(track: Track, *, ext: str, fingerprint: str = "") -> list[str]:
    """The tags of an import, in this order and without repetition.

    Playlists, genres, `BPM{n}`, key, artist, `ext` (`wav` or `aiff`), `SoundCloud` for a track from
    there, `fingerprint:{64 hex}`, `soundcloud:{id}`; each only where it is known.
    """
    identity = track.soundcloud_id
    tags = [
        *track.playlists,
        *track.genres,
        f"BPM{round(track.bpm)}" if track.bpm and track.bpm > 0 else "",
        track.key,
        track.artist,
        ext.lower().lstrip("."),
        "SoundCloud" if track.soundcloud_url or identity else "",
        f"{FINGERPRINT_TAG}{fingerprint.lower()}" if _HEX_64.fullmatch(fingerprint.lower()) else "",
        f"soundcloud:{identity}" if identity else "",
    ]
    return list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def told_by_item(track: Track, item: EagleItem) -> Track:
    """The track with what it lacked and the item tells: SoundCloud's number, the hash, the artist.

    The artist is the beginning of a name `Artist - Title` where it is one of the tags, too.
    """
    numbers, hashes = sorted(item.soundcloud_ids), sorted(item.fingerprints, key=len)
    artist, divider, _ = item.name.partition(" - ")
    is_artist = bool(divider) and artist in item.tags
    return replace(
        track,
        soundcloud_id=track.soundcloud_id or (numbers[0] if len(numbers) == 1 else ""),
        fingerprint=track.fingerprint or (hashes[-1] if hashes else ""),
        artist=track.artist or (artist if is_artist else ""),
    )
