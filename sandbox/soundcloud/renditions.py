"""The forms a track is offered in: transcodings, their addresses, and who is offered which."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.encoding import AAC, AAC_HQ, MP3, Codec
from sandbox.soundcloud.records import SampleTrack

PREVIEW_SECONDS = 30.0
_AAC_TYPE = 'audio/mp4; codecs="mp4a.40.2"'


@dataclass(frozen=True)
class Rendition:
    """One entry of `media.transcodings`. `name` is the path element that tells it apart."""

    name: str
    preset: str
    protocol: str
    mime_type: str
    codec: Codec
    quality: str = "sq"
    is_preview: bool = False


RENDITIONS = {
    rendition.name: rendition
    for rendition in (
        Rendition("aac-160", "aac_160k", "hls", _AAC_TYPE, AAC),
        Rendition("aac-256", "aac_256k", "hls", _AAC_TYPE, AAC_HQ, "hq"),
        Rendition("abr", "abr_sq", "hls", "audio/mpegurl", AAC),
        Rendition("mp3-hls", "mp3_0_0", "hls", "audio/mpeg", MP3),
        Rendition("mp3", "mp3_0_0", "progressive", "audio/mpeg", MP3),
        Rendition("mp3-hls-30", "mp3_0_0", "hls", "audio/mpeg", MP3, is_preview=True),
        Rendition("mp3-30", "mp3_0_0", "progressive", "audio/mpeg", MP3, is_preview=True),
        Rendition("ctr", "aac_160k", "ctr-encrypted-hls", _AAC_TYPE, AAC),
        Rendition("cbc", "aac_160k", "cbc-encrypted-hls", _AAC_TYPE, AAC),
    )
}

_OFFERED: dict[Condition, tuple[str, ...]] = {
    Condition.MP3_ONLY: ("mp3-hls", "mp3"),
    Condition.TRUNCATED: ("mp3",),
    Condition.GEO_BLOCKED: (),
    Condition.PROCESSING: (),
    Condition.DRM_ONLY: ("ctr", "cbc"),
}


def is_snipped(track: SampleTrack, *, has_account: bool) -> bool:
    """True if the asker gets the first 30 seconds only: Go+ accounts get it all."""
    return track.condition is Condition.PREVIEW_ONLY and not has_account


def renditions_of(track: SampleTrack, *, has_account: bool) -> list[Rendition]:
    """What `media.transcodings` lists, in its order."""
    if is_snipped(track, has_account=has_account):
        names: tuple[str, ...] = ("mp3-hls-30", "mp3-30")
    else:
        names = _OFFERED.get(track.condition, ("aac-160", "abr", "mp3-hls", "mp3"))
    if has_account and "aac-160" in names:
        names = ("aac-256", *names)
    return [RENDITIONS[name] for name in names]
