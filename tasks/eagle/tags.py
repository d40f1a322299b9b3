"""Which tags an import carries: what the row and the file say, nothing invented. Pure."""

from __future__ import annotations

import re

from tasks.tracks import Track

__all__ = ["import_tags"]

_HEX_64 = re.compile(r"[0-9a-f]{64}")


def import_tags(
    track: Track, *, ext: str, fingerprint: str = "", soundcloud_id: str = ""
) -> list[str]:
    """The tags of an import, in this order and without repetition.

    Playlists, genres, `BPM{n}`, key, artist, `ext` (`wav` or `aiff`), `SoundCloud` for a track from
    there, `fingerprint:{64 hex}`, `soundcloud:{id}`; each only where it is known.
    """
    identity = soundcloud_id or track.soundcloud_id
    tags = [
        *track.playlists,
        *track.genres,
        f"BPM{round(track.bpm)}" if track.bpm and track.bpm > 0 else "",
        track.key,
        track.artist,
        ext.lower().lstrip("."),
        "SoundCloud" if track.soundcloud_url or identity else "",
        f"fingerprint:{fingerprint.lower()}" if _HEX_64.fullmatch(fingerprint.lower()) else "",
        f"soundcloud:{identity}" if identity else "",
    ]
    return list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
