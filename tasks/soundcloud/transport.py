"""By which means a recording may be fetched: yt-dlp's own code, over HTTP, as a whole.

Where yt-dlp cannot fetch something itself it starts ffmpeg or rtmpdump, if there is one. Such a
program asks hosts that nobody allowed, and is not stopped when the download is (measured). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.errors import DrmProtected, NoFormats

Json = Mapping[str, Any]

_OWN = frozenset({"http", "https", "m3u8", "m3u8_native", "http_dash_segments"})
_KEY = re.compile(r"^#EXT-X-(?:SESSION-)?KEY:.*METHOD=(?!NONE)", re.MULTILINE)
_NO_END = "It is a live stream, or nobody fetches such formats here; use another address."


def is_own(form: Json) -> bool:
    """True for a format that yt-dlp fetches itself."""
    return form.get("protocol", "http") in _OWN and not form.get("is_live")


def require_own_downloader(information: dict[str, Any]) -> None:
    """Raises NoFormats for what would be left to another program; notes the protocol."""
    from yt_dlp.utils import determine_protocol  # noqa: PLC0415  (a run begins without yt-dlp)

    information["protocol"] = determine_protocol(information)
    if not is_own(information):
        kind = "a live stream" if information.get("is_live") else information["protocol"]
        raise NoFormats(f"{_page(information)} is offered as {kind} only.", remedy=_NO_END)


def require_whole_playlist(text: str, information: Json) -> None:
    """Raises DrmProtected for an encrypted playlist, NoFormats for one that has no end yet."""
    if _KEY.search(text):
        raise DrmProtected(f"{_page(information)} is offered encrypted only.")
    if text.startswith("#EXTM3U") and "#EXT-X-ENDLIST" not in text:
        raise NoFormats(f"{_page(information)} is a live stream, without an end.", remedy=_NO_END)


def _page(information: Json) -> str:
    return str(information.get("webpage_url") or information["url"])
