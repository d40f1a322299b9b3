"""The transport to SoundCloud: the real yt-dlp in a thread, one object a download.

One format request a track: AAC first, and only where there is none, or it is refused, MP3. A
preview is refused, never stored. Nothing is resumed: each download has an empty folder of its own
(docs/facts/soundcloud.md, "Formats and previews" and "Downloads").
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from yt_dlp.networking import Request

from tasks.errors import (
    BadAddress,
    DownloadInterrupted,
    DrmProtected,
    IncompleteRecording,
    NoFormats,
    SourceDenied,
    SourceError,
    SyncError,
)
from tasks.retrying import RetryPolicy, retrying
from tasks.soundcloud.address import (
    Address,
    AddressKind,
    is_allowed_host,
    is_web_page,
    parse_address,
)
from tasks.soundcloud.bounds import Pace
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.downloader import Downloader, Guard, Landed, Stopped
from tasks.soundcloud.information import (
    Download,
    Progress,
    SourceFacts,
    artwork_urls,
    best_whole,
    facts,
)
from tasks.soundcloud.translation import format_refusal, translate
from tasks.threads import in_thread

T = TypeVar("T")

Json = dict[str, Any]
Stop = Callable[[], bool]
Watch = Callable[[Json], None]

_log = logging.getLogger("tasks.soundcloud.client")

# Each transcoding costs a request of a scarce budget, so they are asked for one by one, best first.
_AAC = ("hls_aac", "http_aac")
_IN_ORDER = (_AAC, ("http_mp3",), ("hls_mp3", "http_opus", "hls_opus"))
_NONE = ("none",)
_RESOLVING = RetryPolicy(attempts=3, first=0.5)
# yt-dlp's names of them; none: whichever of all knows the address.
_EXTRACTORS: dict[AddressKind, tuple[str, ...]] = {
    AddressKind.SOUNDCLOUD: ("Soundcloud",),
    AddressKind.SHORT_LINK: (),
    AddressKind.YOUTUBE: ("Youtube",),
    AddressKind.OTHER: (),
}
_USUAL: Json = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "noplaylist": True,
    "concurrent_fragment_downloads": 4,
    "skip_unavailable_fragments": False,
    "fixup": "never",
    "continuedl": False,
    "retries": 2,
    "fragment_retries": 3,
    "extractor_retries": 0,
    "buffersize": 65_536,
    "overwrites": True,
    "_no_ytdl_file": True,  # the state for resuming, 40 writes a track
}
_ARTWORK_BYTES = 5_000_000
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_TEXTS = (b"<", b"{", b"#extm3u")
_SMALLEST_AUDIO = 2_000


class SoundCloudClient:
    """Downloads of single tracks. `auth_token` goes to SoundCloud's hosts only.

    `socket_seconds` is how long a host may be silent, and so how long a cancelled download may
    take to end.
    """

    def __init__(
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

        def work(guard: Guard) -> Download:
            watch = _watcher(guard, Pace(), on_progress)
            return self._first_whole(
                lambda formats: self._fetch(formats, address, folder, guard, watch), address
            )

        return await self._within_budget(work, address.key)

    async def resolve(self, address: Address) -> Address:
        """Where a short link leads; any other address unchanged. One request, if all goes well.

        Raises TrackNotFound, or BadAddress if it leads to something else than a track.
        """
        if address.kind is not AddressKind.SHORT_LINK:
            return address
        return parse_address(await self._landing(address), allowed_hosts=self._allowed_hosts)

    async def probe(self, address: Address) -> SourceFacts:
        """What the source says of a track, without its audio and its formats.

        Raises a SourceError; whether the track can be downloaded only a download tells.
        """

        def work(guard: Guard) -> SourceFacts:
            options = {"ignore_no_formats_error": True}
            extractors = _EXTRACTORS[address.kind]
            with self._downloader(_NONE, guard, options, extractors=extractors) as downloader:
                return SourceFacts(**facts(_extract(downloader, address)))

        return await self._within_budget(work, address.key)

    async def ask(
        self,
        work: Callable[[Downloader], T],
        *,
        of: type[Downloader] = Downloader,
        extractors: Sequence[str],
    ) -> T:
        """What `work` returns of a yt-dlp with these extractors, run in a thread.

        Raises what `work` raises. When cancelled, it stops at its next request and is awaited.
        """

        def run(guard: Guard) -> T:
            options = {"extract_flat": True, "noplaylist": False}
            with self._downloader(
                _NONE, guard, options, extractors=extractors, of=of
            ) as downloader:
                return work(downloader)

        return await self._within_budget(run)

    async def expand(self, url: str) -> str:
        """Where a short link leads, to a track or a list; any other address unchanged."""
        try:
            address = parse_address(url)
        except BadAddress:
            return url
        if address.kind is not AddressKind.SHORT_LINK:
            return url
        return await self._landing(address)

    async def reach(self) -> None:
        """Ask for SoundCloud's front page, by the proxy downloads use. Raises a SourceError."""

        def work(stop: Stop) -> None:
            with self._downloader(_NONE, self._guard(stop)) as downloader:
                _ask(downloader, Request("https://soundcloud.com/"))

        await in_thread(work)

    async def _within_budget(self, work: Callable[[Guard], T], track: str = "") -> T:
        """What `work` returns; the format requests it made beyond the first are charged.

        `track` is a key: a refusal may be that track's own.
        """
        guards: list[Guard] = []

        def run(stop: Stop) -> T:
            guards.append(self._guard(stop))
            return work(guards[0])

        async with self._budget.slot(track):
            try:
                return await in_thread(run)
            finally:
                made = guards[0].format_requests if guards else 0
                self._budget.charge(made - 1)

    def _guard(self, stop: Stop, *, is_goal: Callable[[str], bool] | None = None) -> Guard:
        is_allowed = functools.partial(is_allowed_host, allowed_hosts=self._allowed_hosts)
        return Guard(is_allowed, stop, is_goal=is_goal)

    def _first_whole(
        self, fetch: Callable[[Sequence[str]], Download], address: Address
    ) -> Download:
        """The best that is offered and granted. Raises the refusal of a better one, if any."""
        refused: SourceError | None = None
        missing: SourceError | None = None
        for formats in _IN_ORDER if address.kind is AddressKind.SOUNDCLOUD else _IN_ORDER[:1]:
            try:
                return _asked_again(functools.partial(fetch, formats))
            except (NoFormats, DrmProtected) as error:
                missing = error
            except (SourceDenied, DownloadInterrupted) as error:
                if format_refusal(error) is None:
                    raise
                refused = refused or error
            _log.debug("%s is not to be had as %s", address.url, " or ".join(formats))
        raise refused or missing or NoFormats(f"{address.url} is offered in no format.")

    def _fetch(
        self,
        formats: Sequence[str],
        address: Address,
        folder: Path,
        guard: Guard,
        watch: Watch,
    ) -> Download:
        options = {
            "outtmpl": {"default": str(folder).replace("%", "%%") + "/%(id)s.%(ext)s"},
            "progress_hooks": [watch],
            "format": functools.partial(best_whole, address.url),
        }
        extractors = _EXTRACTORS[address.kind]
        with self._downloader(formats, guard, options, extractors=extractors) as downloader:
            information = _extract(downloader, address)
            with translated(address.url, downloading=True):
                downloader.process_info(information)
            return Download(
                path=_arrived(folder, address),
                format_id=str(information.get("format_id") or ""),
                artwork=_artwork(downloader, information),
                **facts(information),
            )

    async def _landing(self, address: Address) -> str:
        return await retrying(
            lambda: in_thread(lambda stop: self._target(address.url, stop)), _RESOLVING
        )

    def _target(self, url: str, stop: Stop) -> str:
        """The address a short link redirects to, which is not asked for anything itself."""
        with self._downloader(_NONE, self._guard(stop, is_goal=is_web_page)) as downloader:
            try:
                return _ask(downloader, Request(url, method="HEAD"))
            except Landed as landed:
                return landed.url

    def _downloader(
        self,
        formats: Sequence[str],
        guard: Guard,
        extra: Json | None = None,
        *,
        extractors: Sequence[str] = ("Soundcloud", "SoundcloudSet"),
        of: type[Downloader] = Downloader,
    ) -> Downloader:
        options = _USUAL | {
            "cachedir": str(self._cache_dir),
            "extractor_args": {"soundcloud": {"formats": list(formats)}},
            "retry_sleep_functions": {
                "http": functools.partial(_back_off, guard),
                "fragment": functools.partial(_back_off, guard),
            },
            "socket_timeout": self._socket_seconds,
            "nocheckcertificate": not self._tls_verify,
            "ffmpeg_location": str(self._cache_dir / "none"),  # it would not stop when we do
        }
        if self._proxy:
            options["proxy"] = self._proxy
        return of(
            options | (extra or {}), guard, extractors=extractors, auth_token=self._auth_token
        )


def _extract(downloader: Downloader, address: Address) -> Json:
    with translated(address.url):
        information: Json = downloader.extract_info(address.url, download=False)
    if information.get("_type") == "playlist" or information.get("entries") is not None:
        raise BadAddress(f"{address.url} is a playlist, not one track.")
    return information


def _ask(downloader: Downloader, request: Request) -> str:
    """The address that answered in the end."""
    with translated(request.url), downloader.urlopen(request) as answer:
        return str(answer.url)


@contextmanager
def translated(url: str, *, downloading: bool = False) -> Iterator[None]:
    """Exceptions of yt-dlp, and of what it leans on, leave as ours; `Landed` is no trouble."""
    try:
        yield
    except (SyncError, Landed, Stopped):
        raise
    except Exception as error:
        raise translate(error, url, downloading=downloading) from error


def _asked_again(fetch: Callable[[], Download]) -> Download:
    """A server's error at a format's address often passes, so it is asked for once more."""
    try:
        return fetch()
    except DownloadInterrupted as error:
        if (format_refusal(error) or 0) < 500:
            raise
    return fetch()


def _watcher(guard: Guard, pace: Pace, on_progress: Callable[[Progress], None] | None) -> Watch:
    def watch(state: Json) -> None:
        guard.check()
        total = state.get("total_bytes") or state.get("total_bytes_estimate")
        progress = Progress(state.get("downloaded_bytes") or 0, total)
        pace.mind(progress.done)
        if on_progress is not None:
            on_progress(progress)

    return watch


def _back_off(guard: Guard, n: int) -> float:
    """Seconds until retry `n` (from 0) of a piece; the guard is asked before."""
    guard.check()
    return min(4.0, 0.25 * 2.0**n)


def _artwork(downloader: Downloader, information: Json) -> bytes | None:
    """The cover, a few hundred pixels wide; None where there is none. Never an error."""
    for url in artwork_urls(information):
        try:
            with translated(url), downloader.urlopen(Request(url)) as answer:
                picture: bytes = answer.read(_ARTWORK_BYTES + 1)
        except SyncError as error:
            _log.debug("no artwork at %s (%s)", url, error)
            continue
        if picture.startswith(_PICTURES) and len(picture) <= _ARTWORK_BYTES:
            return picture
    return None


def _arrived(folder: Path, address: Address) -> Path:
    """The one file of a download, which must not be a text, nor almost empty."""
    files = [file for file in folder.iterdir() if file.is_file()]
    if len(files) != 1:
        raise DownloadInterrupted(f"The download of {address.url} left no file.")
    with files[0].open("rb") as file:
        head = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(_TEXTS):
        raise IncompleteRecording(f"A web page came instead of the audio of {address.url}.")
    if files[0].stat().st_size < _SMALLEST_AUDIO:
        raise IncompleteRecording(f"Almost nothing came of the audio of {address.url}.")
    return files[0]
