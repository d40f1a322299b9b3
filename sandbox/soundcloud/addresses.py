"""Signed addresses of media: they hold until `expires`, as SoundCloud's do."""

from __future__ import annotations

import hmac
import time
from urllib.parse import urlencode

from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.records import SampleTrack
from sandbox.soundcloud.renditions import Rendition

AAC_HOST = "playback.media-streaming.soundcloud.cloud"
HLS_HOST = "cf-hls-media.sndcdn.com"
FILE_HOST = "cf-media.sndcdn.com"
PREVIEW_HOST = "cf-preview-media.sndcdn.com"
MEDIA_HOSTS = (AAC_HOST, HLS_HOST, FILE_HOST, PREVIEW_HOST)

KEY = r"(?P<key>[0-9A-Za-z]{6}[0-9a-f]{8})"
"""The path element that stands for a track: six characters and its id in hexadecimal."""


class Addresses:
    """Signs and checks; what an address leads to is `media`'s."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def of(self, track: SampleTrack, rendition: Rendition, *, is_expired: bool = False) -> str:
        """An address of a rendition; `is_expired` makes one whose time is over."""
        key = self._key(track)
        if rendition.protocol == "progressive":
            host = PREVIEW_HOST if rendition.is_preview else FILE_HOST
            path = f"/preview/0/30/{key}.128.mp3" if rendition.is_preview else f"/{key}.128.mp3"
        elif rendition.codec.encoder == "aac":
            host, path = AAC_HOST, f"/{key}/{rendition.name}/playlist.m3u8"
        else:
            part = "/0/30" if rendition.is_preview else ""
            host, path = HLS_HOST, f"/playlist{part}/{key}.128.mp3/playlist.m3u8"
        return self._signed(host, path, key, is_expired=is_expired)

    def of_original(self, track: SampleTrack) -> str:
        """An address of the uploaded file."""
        key = self._key(track)
        return self._signed(FILE_HOST, f"/{key}.original.{track.original}", key)

    def track_at(self, key: str) -> SampleTrack | None:
        """The track whose `KEY` is `key`."""
        track = self._catalogue.track(int(key[6:], 16))
        return track if track is not None and self._key(track) == key else None

    def holds(self, key: str, query: dict[str, str]) -> bool:
        """Is the query signed by us for `key`, and its time not over?"""
        expires = query.get("expires", "")
        signature = self._signature(key, expires).encode()
        if not hmac.compare_digest(query.get("Signature", "").encode(), signature):
            return False
        return int(expires) >= time.time()

    def _signed(self, host: str, path: str, key: str, *, is_expired: bool = False) -> str:
        lifetime = -60 if is_expired else self._catalogue.url_lifetime
        expires = int(time.time() + lifetime)
        query = {
            "expires": expires,
            "Signature": self._signature(key, str(expires)),
            "Key-Pair-Id": "SANDBOX",
        }
        return f"https://{host}{path}?{urlencode(query)}"

    def _key(self, track: SampleTrack) -> str:
        return f"{self._catalogue.token(f'media/{track.id}', 6)}{track.id:08x}"

    def _signature(self, key: str, expires: str) -> str:
        return self._catalogue.token(f"signature/{key}/{expires}", 40)
