"""The transport to SoundCloud: the real yt-dlp in a thread, one object a download.

One format request a track: AAC first, and only where there is none, MP3. A preview is refused,
never stored. Nothing is resumed: each download has an empty folder of its own
(soundcloud-and-audio.md, 2.2, 2.3 and 2.6).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.extractor.soundcloud import SoundcloudBaseIE
from yt_dlp.networking import Request
from yt_dlp.utils import YoutubeDLError

from tasks.errors import (
    BadAddress,
    DownloadInterrupted,
    IncompleteRecording,
    NoFormats,
    PreviewOnly,
)
from tasks.soundcloud.address import Address, AddressKind, is_allowed_host, parse_address
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.translation import translate
from tasks.threads import in_thread

__all__ = ["Download", "Progress", "SoundCloudClient"]

Json = dict[str, Any]
Stop = Callable[[], bool]

_log = logging.getLogger("tasks.soundcloud.ytdlp")

_SELECTOR = (
    "ba[format_id=download]/ba[ext=m4a][format_id!*=preview]/ba[format_id!*=preview]/"
    "b[format_id!*=preview]"
)
# Each transcoding costs a request of a scarce budget, so the good one is asked for alone.
_AAC = ["hls_aac", "http_aac"]
_OTHERS = ["http_mp3", "hls_mp3", "http_opus", "hls_opus"]
_SOCKET_SECONDS = 15
_ARTWORK_BYTES = 5_000_000
_ARTWORK_SIZE = 500
_SMALLEST_AUDIO = 2_000


@dataclass(frozen=True)
class Progress:
    """Bytes so far, and in all where the source says it."""

    done: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that arrived, and what the source says of it; not yet proven to be whole.

    `announced_seconds` is the length the source names; texts are empty where it says nothing.
    """

    path: Path
    soundcloud_id: str = ""
    title: str = ""
    uploader: str = ""
    artist: str = ""
    genre: str = ""
    announced_seconds: float | None = None
    webpage_url: str = ""
    format_id: str = ""
    tags: tuple[str, ...] = ()
    artwork: bytes | None = field(default=None, repr=False)


class _Stopped(Exception):
    """The download was asked to stop."""


class SoundCloudClient:
    """Downloads of single tracks. `auth_token` goes to SoundCloud's own extractor only."""

    def __init__(
        self,
        *,
        cache_dir: Path,
        budget: SourceBudget,
        proxy: str | None = None,
        tls_verify: bool = True,
        auth_token: str | None = None,
        allowed_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._cache_dir = cache_dir
        self._budget = budget
        self._proxy = proxy
        self._tls_verify = tls_verify
        self._auth_token = auth_token
        self._allowed_hosts = allowed_hosts

    async def download(
        self,
        address: Address,
        folder: Path,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Download:
        """The recording behind `address`, in the empty `folder`.

        Raises a SourceError by what went wrong. When cancelled, the transfer stops at its next
        piece and its thread is awaited.
        """
        async with self._budget.slot():
            return await in_thread(lambda stop: self._fetch(address, folder, stop, on_progress))

    async def resolve(self, address: Address) -> Address:
        """Where a short link leads; any other address unchanged. One request."""
        if address.kind is not AddressKind.SHORT_LINK:
            return address
        target = await in_thread(lambda _stop: self._final_url(address.url))
        return parse_address(target, allowed_hosts=self._allowed_hosts)

    async def probe(self, address: Address) -> Json:
        """What the source says of a track, without its audio: yt-dlp's info fields."""
        async with self._budget.slot():
            return await in_thread(lambda _stop: self._information(address))

    def _fetch(
        self,
        address: Address,
        folder: Path,
        stop: Stop,
        on_progress: Callable[[Progress], None] | None,
    ) -> Download:
        def watch(state: Json) -> None:
            if stop():
                raise _Stopped
            if on_progress is not None:
                total = state.get("total_bytes") or state.get("total_bytes_estimate")
                on_progress(Progress(state.get("downloaded_bytes") or 0, total))

        options = {
            "outtmpl": {"default": str(folder / "%(id)s.%(ext)s")},
            "progress_hooks": [watch],
        }
        wanted = [_AAC, _OTHERS] if address.kind is AddressKind.SOUNDCLOUD else [_OTHERS]
        for formats in wanted[:-1]:
            try:
                return self._fetch_as(formats, address, folder, options)
            except NoFormats:
                _log.debug("%s has no AAC; asking for the others", address.url)
        return self._fetch_as(wanted[-1], address, folder, options)

    def _fetch_as(
        self, formats: list[str], address: Address, folder: Path, options: Json
    ) -> Download:
        with self._downloader(formats, options) as downloader:
            information = self._extract(downloader, address)
            _refuse_preview(information, address)
            self._refuse_foreign(information)
            self._transfer(downloader, information, address)
            return Download(
                path=_arrived(folder, address),
                artwork=self._artwork(downloader, information),
                **_facts(information),
            )

    def _information(self, address: Address) -> Json:
        with self._downloader(_AAC + _OTHERS, {"ignore_no_formats_error": True}) as downloader:
            return self._extract(downloader, address)

    def _extract(self, downloader: Any, address: Address) -> Json:
        try:
            information: Json = downloader.extract_info(address.url, download=False)
        except (YoutubeDLError, OSError) as error:
            raise translate(error, address.url) from error
        if information.get("_type") == "playlist" or information.get("entries") is not None:
            raise BadAddress(f"{address.url} is a playlist, not one track.")
        return information

    def _transfer(self, downloader: Any, information: Json, address: Address) -> None:
        try:
            downloader.process_info(information)
        except (YoutubeDLError, OSError) as error:
            raise translate(error, address.url, downloading=True) from error

    def _refuse_foreign(self, information: Json) -> None:
        """The media must lie on allowed hosts, wherever redirects have led."""
        for url in (information.get("url"), information.get("webpage_url")):
            if url and not is_allowed_host(url, self._allowed_hosts):
                raise BadAddress(
                    "The address leads to a host that tracks are not downloaded from.",
                    remedy="Add the host to ALLOWED_SOURCE_HOSTS if it is yours.",
                )

    def _downloader(self, formats: list[str], extra: Json) -> Any:
        _forget_other_logins(self._auth_token)
        options: Json = {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "logger": _log,
            "noplaylist": True,
            "cachedir": str(self._cache_dir),
            "format": _SELECTOR,
            "extractor_args": {"soundcloud": {"formats": formats}},
            "concurrent_fragment_downloads": 4,
            "skip_unavailable_fragments": False,
            "fixup": "never",
            "continuedl": False,
            "retries": 2,
            "fragment_retries": 3,
            "extractor_retries": 0,
            "socket_timeout": _SOCKET_SECONDS,
            "overwrites": True,
            "nocheckcertificate": not self._tls_verify,
        }
        if self._proxy:
            options["proxy"] = self._proxy
        if self._auth_token:
            options |= {"username": "oauth", "password": self._auth_token}
        return yt_dlp.YoutubeDL(options | extra)

    def _final_url(self, url: str) -> str:
        with self._downloader(_AAC, {}) as downloader:
            try:
                with downloader.urlopen(Request(url, method="HEAD")) as answer:
                    return str(answer.url)
            except (YoutubeDLError, OSError) as error:
                raise translate(error, url) from error

    def _artwork(self, downloader: Any, information: Json) -> bytes | None:
        """The cover, a few hundred pixels wide; None where there is none. Never an error."""
        url = _artwork_url(information)
        if url is None or not is_allowed_host(url, self._allowed_hosts):
            return None
        try:
            with downloader.urlopen(Request(url)) as answer:
                picture: bytes = answer.read(_ARTWORK_BYTES + 1)
        except (YoutubeDLError, OSError):
            _log.debug("no artwork at %s", url)
            return None
        return picture if len(picture) <= _ARTWORK_BYTES else None


def _forget_other_logins(token: str | None) -> None:
    """yt-dlp keeps a login in a class attribute, and would send it for the next client too."""
    kept = SoundcloudBaseIE._HEADERS  # noqa: SLF001  (its only name)
    if token is None or kept.get("Authorization") not in {None, f"OAuth {token}"}:
        kept.clear()


def _refuse_preview(information: Json, address: Address) -> None:
    """The selector takes no preview; this is the second lock on that door (reference 2.3)."""
    media = str(information.get("url") or "")
    is_preview = "preview" in str(information.get("format_id") or "")
    if is_preview or "/preview/" in media or "/playlist/0/30/" in media:
        raise PreviewOnly(f"{address.url} is offered as a preview only.")


def _arrived(folder: Path, address: Address) -> Path:
    """The one file of a download, which must not be empty or a web page."""
    files = [file for file in folder.iterdir() if file.is_file()]
    if len(files) != 1:
        raise DownloadInterrupted(f"The download of {address.url} left no file.")
    with files[0].open("rb") as file:
        head = file.read(512).lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise IncompleteRecording(f"A web page came instead of the audio of {address.url}.")
    if files[0].stat().st_size < _SMALLEST_AUDIO:
        raise IncompleteRecording(f"Next to nothing came of the audio of {address.url}.")
    return files[0]


def _facts(information: Json) -> Json:
    """What the source says, as fields of Download."""
    seconds = information.get("duration")
    is_soundcloud = str(information.get("extractor_key") or "").startswith("Soundcloud")
    return {
        "soundcloud_id": str(information["id"]) if is_soundcloud else "",
        "title": str(information.get("title") or ""),
        "uploader": str(information.get("uploader") or ""),
        "artist": _joined(information.get("artists")),
        "genre": next(iter(information.get("genres") or ()), ""),
        "announced_seconds": float(seconds) if seconds else None,
        "webpage_url": str(information.get("webpage_url") or ""),
        "format_id": str(information.get("format_id") or ""),
        "tags": tuple(str(tag) for tag in information.get("tags") or ()),
    }


def _joined(names: Any) -> str:
    return ", ".join(str(name) for name in names or ())


def _artwork_url(information: Json) -> str | None:
    """The thumbnail nearest to 500 pixels: the original may be many megabytes."""
    sized = [t for t in information.get("thumbnails") or () if t.get("url")]
    if not sized:
        return None
    best = min(sized, key=lambda t: abs((t.get("width") or 100_000) - _ARTWORK_SIZE))
    return str(best["url"])
