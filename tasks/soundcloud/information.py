"""What yt-dlp says of a track, as our words; and by which means it may be fetched. Pure.

That is by yt-dlp's own code, over HTTP, as a whole. Where yt-dlp cannot fetch something itself it
starts ffmpeg or rtmpdump, if there is one. Such a program asks hosts that nobody allowed, and is
not stopped when the download is (measured).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.errors import DrmProtected, NoFormats, PreviewOnly

Json = dict[str, Any]
_ARTWORK_SIZE = 500
_ARTWORKS_TRIED = 4
_UNKNOWN_SIZE = 100_000
_PREVIEW_SECONDS = (29.0, 31.0)
_OWN = frozenset({"http", "https", "m3u8", "m3u8_native", "http_dash_segments"})
_KEY = re.compile(r"^#EXT-X-(?:SESSION-)?KEY:.*METHOD=(?!NONE)", re.MULTILINE)
_NO_END = "It is a live stream, or nobody fetches such formats here; use another address."


@dataclass(frozen=True)
class Progress:
    """Bytes so far, and in all where the source says it."""

    done: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class SourceFacts:
    """What the source says of a track; texts are empty where it says nothing.

    `announced_seconds` is the length the source names: a preview's, where only that is offered.
    """

    soundcloud_id: str = ""
    title: str = ""
    uploader: str = ""
    artist: str = ""
    genre: str = ""
    announced_seconds: float | None = None
    webpage_url: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Download(SourceFacts):
    """A file that arrived, and what the source says of it; not yet proven to be whole."""

    path: Path
    format_id: str = ""
    artwork: bytes | None = field(default=None, repr=False)


def facts(information: Json) -> Json:
    """The fields of SourceFacts in yt-dlp's `information`."""
    seconds = information.get("duration")
    is_soundcloud = str(information.get("extractor_key") or "").startswith("Soundcloud")
    return {
        "soundcloud_id": str(information["id"]) if is_soundcloud else "",
        "title": str(information.get("title") or ""),
        "uploader": str(information.get("uploader") or ""),
        "artist": ", ".join(str(name) for name in information.get("artists") or ()),
        "genre": next(iter(information.get("genres") or ()), ""),
        "announced_seconds": float(seconds) if seconds else None,
        "webpage_url": str(information.get("webpage_url") or ""),
        "tags": tuple(str(tag) for tag in information.get("tags") or ()),
    }


def best_whole(url: str, context: Mapping[str, Any]) -> Iterator[Json]:
    """yt-dlp's format selector for the track at `url`: the original, else AAC, else the best.

    What another program would have to fetch does not count. Raises PreviewOnly if all that is
    offered is a preview, which yt-dlp would take without a word
    (docs/facts/soundcloud.md, "Formats and previews"), and NoFormats if nothing has sound.
    """
    offered = [f for f in context["formats"] if f.get("acodec") != "none"]
    whole = [f for f in offered if not _is_preview(f)]
    if offered and not whole:
        raise PreviewOnly(f"{url} is offered as a preview only.")
    if not whole:
        raise NoFormats(f"{url} is offered in no format that has sound.")
    ours = [f for f in whole if is_own(f)]
    if not ours:
        require_own_downloader(whole[-1] | {"webpage_url": url})
    yield max(enumerate(ours), key=lambda placed: (*_rank(placed[1]), placed[0]))[1]


def _rank(form: Json) -> tuple[bool, bool, bool]:
    """yt-dlp sorts from worst to best; these go before its order."""
    is_original = form.get("format_id") == "download"
    has_no_picture = form.get("vcodec") in {"none", None}
    return is_original, has_no_picture, form.get("ext") == "m4a"


def refuse_suspected_preview(url: str, announced: float | None, known: float | None) -> None:
    """Raise PreviewOnly if the source names a preview's length and the row a longer one.

    Lengths in seconds, None where nobody named one. Catches previews that are not marked as such.
    """
    if announced is None or known is None:
        return
    if has_preview_length(announced) and known > announced * 1.5:
        raise PreviewOnly(
            f"{url} lasts {announced:.0f} s at its source and {known:.0f} s in Notion.",
            remedy="It seems to be a preview; if it is not, empty the row's Audio Duration.",
        )


def has_preview_length(seconds: float) -> bool:
    """True if a track that is announced so may be longer: the length may be a preview's."""
    return _PREVIEW_SECONDS[0] <= seconds <= _PREVIEW_SECONDS[1]


def _is_preview(form: Json) -> bool:
    media = str(form.get("url") or "")
    marks = ("/preview/", "/playlist/0/30/")
    return "preview" in str(form.get("format_id") or "") or any(mark in media for mark in marks)


def artwork_urls(information: Json) -> list[str]:
    """Thumbnails, nearest to 500 pixels first: the original may be many megabytes.

    SoundCloud does not have every size of every picture.
    """
    sized = [t for t in information.get("thumbnails") or () if t.get("url")]
    sized.sort(key=lambda t: abs((t.get("width") or _UNKNOWN_SIZE) - _ARTWORK_SIZE))
    return list(dict.fromkeys(str(t["url"]) for t in sized))[:_ARTWORKS_TRIED]


def is_own(form: Mapping[str, Any]) -> bool:
    """True for a format that yt-dlp fetches itself."""
    return form.get("protocol", "http") in _OWN and not form.get("is_live")


def require_own_downloader(information: dict[str, Any]) -> None:
    """Raises NoFormats for what would be left to another program; notes the protocol."""
    from yt_dlp.utils import determine_protocol  # noqa: PLC0415  (a run begins without yt-dlp)

    information["protocol"] = determine_protocol(information)
    if not is_own(information):
        kind = "a live stream" if information.get("is_live") else information["protocol"]
        raise NoFormats(f"{_page(information)} is offered as {kind} only.", remedy=_NO_END)


def require_whole_playlist(text: str, information: Mapping[str, Any]) -> None:
    """Raises DrmProtected for an encrypted playlist, NoFormats for one that has no end yet."""
    if _KEY.search(text):
        raise DrmProtected(f"{_page(information)} is offered encrypted only.")
    if text.startswith("#EXTM3U") and "#EXT-X-ENDLIST" not in text:
        raise NoFormats(f"{_page(information)} is a live stream, without an end.", remedy=_NO_END)


def _page(information: Mapping[str, Any]) -> str:
    return str(information.get("webpage_url") or information["url"])
