"""Tracks, users and sets as api-v2 writes them; which fields a guest of 2026 finds there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.soundcloud.artwork import artwork_address
from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.music import seconds_of, steps_for
from sandbox.soundcloud.records import WEB, SampleSet, SampleTrack
from sandbox.soundcloud.renditions import (
    PREVIEW_SECONDS,
    Rendition,
    is_snipped,
    renditions_of,
)

Json = dict[str, Any]

API = "https://api-v2.soundcloud.com"
_FIRST_DAY = datetime(2019, 3, 1, 12, tzinfo=UTC)


def track_object(catalogue: Catalogue, track: SampleTrack, *, has_account: bool) -> Json:
    """A whole track; `media.transcodings` depends on its condition and on who asks."""
    made = _time(track.id)
    cut = is_snipped(track, has_account=has_account)
    whole = round(track.seconds * 1_000)
    heard = min(whole, _preview_milliseconds()) if cut else whole
    is_private = track.condition is Condition.PRIVATE
    return {
        "artwork_url": artwork_address(track.id),
        "caption": None,
        "commentable": True,
        "comment_count": track.id % 13,
        "created_at": made,
        "description": f"{track.title} by {track.artist}, made up for the sandbox.",
        "display_date": made,
        "downloadable": bool(track.original),
        "download_count": 0,
        "duration": heard,
        "embeddable_by": "all",
        "full_duration": whole,
        "genre": track.genre,
        "has_downloads_left": bool(track.original),
        "id": track.id,
        "kind": "track",
        "label_name": None,
        "last_modified": made,
        "license": "all-rights-reserved",
        "likes_count": track.id % 997,
        "media": {"transcodings": _transcodings(catalogue, track, has_account=has_account)},
        "monetization_model": "NOT_APPLICABLE",
        "permalink": track.slug,
        "permalink_url": track.url,
        "playback_count": track.id % 9_973,
        "policy": _policy(track, is_cut=cut),
        "public": not is_private,
        "publisher_metadata": {
            "id": track.id,
            "urn": f"soundcloud:tracks:{track.id}",
            "artist": track.artist,
            "contains_music": True,
        },
        "purchase_title": None,
        "purchase_url": None,
        "release_date": None,
        "reposts_count": track.id % 31,
        "secret_token": track.secret or None,
        "sharing": "private" if is_private else "public",
        "state": "processing" if track.condition is Condition.PROCESSING else "finished",
        "station_permalink": f"track-stations:{track.id}",
        "station_urn": f"soundcloud:system-playlists:track-stations:{track.id}",
        "streamable": track.condition is not Condition.PROCESSING,
        "tag_list": f'{track.genre.split()[0].lower()} "made up"',
        "title": track.title,
        "track_authorization": catalogue.token(f"authorization/{track.id}", 60),
        "track_format": "single-track",
        "uri": f"https://api.soundcloud.com/tracks/{track.id}",
        "urn": f"soundcloud:tracks:{track.id}",
        "user": user_object(catalogue, track.artist, track.artist_slug),
        "user_id": user_id(catalogue, track.artist_slug),
        "visuals": None,
        "waveform_url": f"https://wave.sndcdn.com/{catalogue.token(f'wave/{track.id}', 12)}_m.json",
    }


def track_stub(track: SampleTrack) -> Json:
    """What a set holds of its sixth and further tracks."""
    return {
        "id": track.id,
        "kind": "track",
        "monetization_model": "NOT_APPLICABLE",
        "policy": _policy(track, is_cut=False),
    }


def set_object(catalogue: Catalogue, found: SampleSet, *, has_account: bool) -> Json:
    """A playlist: its first five tracks whole, the others as stubs."""
    tracks = [track for number in found.tracks if (track := catalogue.track(number))]
    listed = [track for track in tracks if track.condition is not Condition.REMOVED]
    made = _time(found.id)
    return {
        "artwork_url": artwork_address(found.id),
        "created_at": made,
        "description": None,
        "duration": sum(round(track.seconds * 1_000) for track in listed),
        "genre": "",
        "id": found.id,
        "is_album": False,
        "kind": "playlist",
        "last_modified": made,
        "license": "all-rights-reserved",
        "likes_count": 0,
        "permalink": found.slug,
        "permalink_url": found.url,
        "public": not found.secret,
        "published_at": made,
        "release_date": None,
        "reposts_count": 0,
        "secret_token": found.secret or None,
        "set_type": "",
        "sharing": "private" if found.secret else "public",
        "tag_list": "",
        "title": found.title,
        "track_count": len(listed),
        "tracks": [
            track_object(catalogue, track, has_account=has_account)
            if place < 5
            else track_stub(track)
            for place, track in enumerate(listed)
        ],
        "uri": f"https://api.soundcloud.com/playlists/{found.id}",
        "user": user_object(catalogue, found.artist, found.artist_slug),
        "user_id": user_id(catalogue, found.artist_slug),
    }


def user_object(catalogue: Catalogue, name: str, slug: str) -> Json:
    """The account a track or set belongs to."""
    number = user_id(catalogue, slug)
    return {
        "avatar_url": artwork_address(number),
        "first_name": "",
        "full_name": name,
        "id": number,
        "kind": "user",
        "last_modified": _time(number),
        "last_name": "",
        "permalink": slug,
        "permalink_url": f"{WEB}/{slug}",
        "uri": f"https://api.soundcloud.com/users/{number}",
        "urn": f"soundcloud:users:{number}",
        "username": name,
        "verified": False,
    }


def _transcodings(catalogue: Catalogue, track: SampleTrack, *, has_account: bool) -> list[Json]:
    return [
        _transcoding(catalogue, track, rendition)
        for rendition in renditions_of(track, has_account=has_account)
    ]


def _transcoding(catalogue: Catalogue, track: SampleTrack, rendition: Rendition) -> Json:
    code = catalogue.token(f"transcoding/{track.id}/{rendition.name}", 24)
    kind = "preview" if rendition.is_preview else "stream"
    milliseconds = round(track.seconds * 1_000)
    if rendition.is_preview:
        milliseconds = min(milliseconds, _preview_milliseconds())
    return {
        "url": f"{API}/media/soundcloud:tracks:{track.id}/{rendition.name}-{code}/{kind}/"
        + rendition.protocol,
        "preset": rendition.preset,
        "duration": milliseconds,
        "snipped": rendition.is_preview,
        "format": {"protocol": rendition.protocol, "mime_type": rendition.mime_type},
        "quality": rendition.quality,
        "is_legacy_transcoding": rendition.codec.encoder != "aac",
    }


def _policy(track: SampleTrack, *, is_cut: bool) -> str:
    if track.condition is Condition.GEO_BLOCKED:
        return "BLOCK"
    return "SNIP" if is_cut else "ALLOW"


def _preview_milliseconds() -> int:
    return round(seconds_of(steps_for(PREVIEW_SECONDS)) * 1_000)


def user_id(catalogue: Catalogue, slug: str) -> int:
    """The number of the account with this slug."""
    return int(catalogue.token(f"user/{slug}", 8, "123456789"))


def _time(number: int) -> str:
    since = timedelta(minutes=number * 7_919 % 3_000_000)
    return (_FIRST_DAY + since).strftime("%Y-%m-%dT%H:%M:%SZ")
