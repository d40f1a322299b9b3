"""The transport to SoundCloud: the real yt-dlp in a thread, one object a download.

One format request a track: AAC first, and only where there is none, MP3. A preview is refused,
never stored. Nothing is resumed: each download has an empty folder of its own
(soundcloud-and-audio.md, 2.2, 2.3 and 2.6).
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import YoutubeDLError

from tasks.errors import (
    BadAddress,
    DownloadInterrupted,
    DrmProtected,
    IncompleteRecording,
    NoFormats,
    PreviewOnly,
)
from tasks.soundcloud.address import (
    Address,
    AddressKind,
    is_allowed_host,
    is_web_page,
    parse_address,
    parse_set_address,
)
from tasks.soundcloud.downloader import Downloader, Gate, Landed
from tasks.soundcloud.information import (
    Download,
    Progress,
    SourceFacts,
    TrackSet,
    artwork_url,
    best_whole,
    facts,
)
from tasks.soundcloud.translation import translate
from tasks.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.soundcloud.budget import SourceBudget
    from tasks.soundcloud.information import Json

__all__ = ["Download", "Progress", "SoundCloudClient", "SourceFacts", "TrackSet"]

T = TypeVar("T")
Stop = Callable[[], bool]
Watch = Callable[["Json"], None]

_log = logging.getLogger("tasks.soundcloud.client")

# Each transcoding costs a request of a scarce budget, so they are asked for one by one, best first.
_AAC = ("hls_aac", "http_aac")
_IN_ORDER = (_AAC, ("http_mp3",), ("hls_mp3", "http_opus", "hls_opus"))
_NONE = ("none",)
_ARTWORK_BYTES = 5_000_000
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_TEXTS = (b"<", b"{", b"#extm3u")
_SMALLEST_AUDIO = 2_000


class SoundCloudClient:
    """Downloads of single tracks. `auth_token` goes to SoundCloud's hosts only.

    `socket_seconds` is how long a host may be silent, and so how long a cancelled download may
    take to end.
    """

    def __init__(  # noqa: PLR0913  (each setting is its own keyword)
        self,
        *,
        cache_dir: Path,
        budget: SourceBudget,
        proxy: str | None = None,
        tls_verify: bool = True,
        auth_token: str | None = None,
        allowed_hosts: frozenset[str] = frozenset(),
        socket_seconds: float = 15.0,
    ) -> None:
        self._cache_dir = cache_dir
        self._budget = budget
        self._proxy = proxy
        self._tls_verify = tls_verify
        self._auth_token = auth_token
        self._allowed_hosts = allowed_hosts
        self._socket_seconds = socket_seconds

    async def download(
        self,
        address: Address,
        folder: Path,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Download:
        """The recording behind `address`, in the empty `folder`.

        `on_progress` is called in the download's thread. Raises a SourceError by what went wrong.
        When cancelled, the transfer stops at its next piece and its thread is awaited.
        """

        def work(gate: Gate) -> Download:
            watch = _watcher(gate, on_progress)
            return self._first_whole(
                lambda formats: self._fetch(formats, address, folder, gate, watch), address
            )

        return await self._within_budget(work)

    async def resolve(self, address: Address) -> Address:
        """Where a short link leads; any other address unchanged. One request.

        Raises TrackNotFound, or BadAddress if it leads to something else than a track.
        """
        if address.kind is not AddressKind.SHORT_LINK:
            return address
        target = await in_thread(lambda stop: self._target(address.url, stop))
        return parse_address(target, allowed_hosts=self._allowed_hosts)

    async def probe(self, address: Address) -> SourceFacts:
        """What the source says of a track, without its audio and its formats.

        Raises a SourceError; whether the track can be downloaded only a download tells.
        """

        def work(gate: Gate) -> SourceFacts:
            with self._downloader(_NONE, gate, {"ignore_no_formats_error": True}) as downloader:
                return SourceFacts(**facts(_extract(downloader, address)))

        return await self._within_budget(work)

    async def list_set(self, url: str) -> TrackSet:
        """The tracks of the playlist at `url`, none of them fetched.

        Raises a SourceError; BadAddress if it is none, or not on an allowed host.
        """
        address = parse_set_address(url)
        return await self._within_budget(lambda gate: self._set(address, gate))

    async def reach(self) -> None:
        """Ask for SoundCloud's front page, by the proxy downloads use. Raises a SourceError."""

        def work(stop: Stop) -> None:
            with self._downloader(_NONE, self._gate(stop)) as downloader:
                _ask(downloader, Request("https://soundcloud.com/"))

        await in_thread(work)

    async def _within_budget(self, work: Callable[[Gate], T]) -> T:
        """What `work` returns; the format requests it made beyond the first are charged."""
        gates: list[Gate] = []

        def run(stop: Stop) -> T:
            gates.append(self._gate(stop))
            return work(gates[0])

        async with self._budget.slot():
            try:
                return await in_thread(run)
            finally:
                made = gates[0].format_requests if gates else 0
                self._budget.charge(made - 1)

    def _gate(self, stop: Stop) -> Gate:
        return Gate(functools.partial(is_allowed_host, allowed_hosts=self._allowed_hosts), stop)

    def _first_whole(
        self, fetch: Callable[[Sequence[str]], Download], address: Address
    ) -> Download:
        wanted = _IN_ORDER if address.kind is AddressKind.SOUNDCLOUD else _IN_ORDER[:1]
        for formats in wanted[:-1]:
            try:
                return fetch(formats)
            except (NoFormats, DrmProtected):
                _log.debug("%s is not offered as %s", address.url, " or ".join(formats))
        return fetch(wanted[-1])

    def _fetch(
        self,
        formats: Sequence[str],
        address: Address,
        folder: Path,
        gate: Gate,
        watch: Watch,
    ) -> Download:
        options = {
            "outtmpl": {"default": str(folder / "%(id)s.%(ext)s").replace("%%", "%")},
            "progress_hooks": [watch],
        }
        with self._downloader(formats, gate, options) as downloader:
            information = _extract(downloader, address)
            with _translated(address, downloading=True):
                downloader.process_info(information)
            return Download(
                path=_arrived(folder, address),
                format_id=str(information.get("format_id") or ""),
                extension=str(information.get("ext") or ""),
                abr=information.get("abr"),
                artwork=_artwork(downloader, information),
                **facts(information),
            )

    def _set(self, url: str, gate: Gate) -> TrackSet:
        options = {"extract_flat": True, "noplaylist": False}
        with self._downloader(_NONE, gate, options) as downloader, _translated(url):
            found: Json = downloader.extract_info(url, download=False)
            urls = tuple(str(entry["url"]) for entry in found.get("entries") or () if entry)
        return TrackSet(title=str(found.get("title") or ""), urls=urls)

    def _target(self, url: str, stop: Stop) -> str:
        """The address a short link redirects to, which is not asked for anything."""
        gate = self._gate(stop)
        gate.is_goal = is_web_page
        with self._downloader(_NONE, gate) as downloader:
            try:
                return _ask(downloader, Request(url, method="HEAD"))
            except Landed as landed:
                return landed.url

    def _downloader(
        self, formats: Sequence[str], gate: Gate, extra: Json | None = None
    ) -> Downloader:
        options: Json = {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "noplaylist": True,
            "cachedir": str(self._cache_dir),
            "format": best_whole,
            "extractor_args": {"soundcloud": {"formats": list(formats)}},
            "concurrent_fragment_downloads": 4,
            "skip_unavailable_fragments": False,
            "fixup": "never",
            "continuedl": False,
            "retries": 2,
            "fragment_retries": 3,
            "retry_sleep_functions": {
                "http": functools.partial(_back_off, gate),
                "fragment": functools.partial(_back_off, gate),
            },
            "extractor_retries": 0,
            "socket_timeout": self._socket_seconds,
            "buffersize": 65_536,
            "overwrites": True,
            "nocheckcertificate": not self._tls_verify,
        }
        if self._proxy:
            options["proxy"] = self._proxy
        return Downloader(options | (extra or {}), gate, auth_token=self._auth_token)
