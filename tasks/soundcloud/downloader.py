"""yt-dlp with a guard: every request and every redirect is looked at before it is sent.

The guard stops a download that is no longer wanted, refuses hosts that nobody allowed (after
redirects too), takes the account's token out of requests to other hosts than SoundCloud's, and
counts the requests that SoundCloud counts (docs/facts/soundcloud.md, "Budget").
"""

from __future__ import annotations

import logging
import re
import threading
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import yt_dlp
from yt_dlp.extractor import get_info_extractor
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import RequestError

from tasks.soundcloud.bounds import BoundedBody, Bounds, media_bounds, page_bounds
from tasks.soundcloud.information import require_own_downloader, require_whole_playlist

Json = dict[str, Any]

_log = logging.getLogger("tasks.soundcloud.ytdlp")

_FORMAT_PATH = re.compile(r"/media/soundcloud:tracks:\d+/")
_ACCOUNT_HOST = "soundcloud.com"
_WITH_LOGIN = ("Soundcloud", "SoundcloudSet")


def is_format_request(url: str) -> bool:
    """True for the calls that SoundCloud counts: those for the address of one format."""
    return _FORMAT_PATH.match(urlsplit(url).path) is not None


class Stopped(Exception):
    """The download was asked to stop."""


class ForeignHost(RequestError):  # type: ignore[misc]  # yt-dlp has no types
    """A request to a host that tracks are not downloaded from was not sent."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).hostname or ""
        super().__init__(f"{self.host} is not an allowed host")


class Landed(RequestError):  # type: ignore[misc]  # yt-dlp has no types
    """A redirect leads to where we only wanted to know of; it was not followed."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__("a redirect was not followed")


class Guard:
    """What one download may ask. `is_allowed(url)` decides on hosts; safe in several threads."""

    def __init__(
        self,
        is_allowed: Callable[[str], bool],
        stop: Callable[[], bool] = lambda: False,
        *,
        is_goal: Callable[[str], bool] | None = None,
    ) -> None:
        self._is_allowed = is_allowed
        self._stop = stop
        self._is_goal = is_goal
        self._lock = threading.Lock()
        self._media: Bounds | None = None
        self.format_requests = 0

    def check(self) -> None:
        """Raise Stopped if the download is no longer wanted."""
        if self._stop():
            raise Stopped

    def admit(self, url: str) -> None:
        """Let a request pass. Raises Stopped or ForeignHost."""
        self.check()
        if not self._is_allowed(url):
            raise ForeignHost(url)
        if is_format_request(url):
            with self._lock:
                self.format_requests += 1

    def begin_media(self, announced_seconds: float | None) -> None:
        """From now on all answers together are a recording of this length, in seconds."""
        self._media = media_bounds(announced_seconds)

    def end_media(self) -> None:
        """From now on each answer is a page of its own again."""
        self._media = None

    def bound(self, answer: Any) -> Any:
        """The answer, read no further than fits what it is. Raises OutOfBounds."""
        bounds = self._media or page_bounds()
        bounds.expect(answer.headers.get("Content-Length"))
        answer.fp = BoundedBody(answer.fp, bounds, self.check)
        return answer

    def follow(self, url: str) -> None:
        """Let a redirect be followed. Raises ForeignHost or Landed."""
        if not self._is_allowed(url):
            raise ForeignHost(url)
        if self._is_goal is not None and self._is_goal(url):
            raise Landed(url)


class Downloader(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """One YoutubeDL for one download, behind `guard`, logged in as the owner of `auth_token`.

    yt-dlp keeps the login of its SoundCloud extractor in a class attribute, so that the next client
    would send it too (docs/facts/soundcloud.md, "How a track is reached"). Here each object's
    extractors have their own. `extractors` are the only ones there are (all 1,800 take 30 ms to
    set up); none named: all.
    """

    def __init__(
        self,
        options: dict[str, Any],
        guard: Guard,
        *,
        extractors: Sequence[str] = (),
        auth_token: str | None = None,
    ) -> None:
        self._guard = guard
        super().__init__(options | {"logger": _Quiet()}, auto_init=not extractors)
        for key in extractors:
            self.add_info_extractor(get_info_extractor(key)())
        login = {"Authorization": f"OAuth {auth_token}"} if auth_token else {}
        for key in {*_WITH_LOGIN, *(key for key in extractors if key.startswith("Soundcloud"))}:
            self.get_info_extractor(key)._HEADERS = dict(login)  # noqa: SLF001  (its only name)

    def urlopen(self, req: Any) -> Any:
        """The answer to a request that the guard lets pass."""
        request = Request(req) if isinstance(req, str) else req
        self._guard.admit(request.url)
        if not _may_see_token(request.url):
            request.headers.pop("Authorization", None)
        return self._guard.bound(super().urlopen(request))

    def dl(self, name: str, info: Json, subtitle: bool = False, test: bool = False) -> Any:  # noqa: FBT001, FBT002  (yt-dlp's signature)
        """yt-dlp's own, by its own downloaders: another program would ask any host it likes, and
        go on when the download is cancelled. Raises NoFormats, DrmProtected.
        """
        require_own_downloader(info)
        if info["protocol"].startswith("m3u8"):
            self._load_playlist(info)
        self._guard.begin_media(info.get("duration"))
        try:
            return super().dl(name, info, subtitle, test)
        finally:
            self._guard.end_media()

    def _load_playlist(self, info: Json) -> None:
        """Hand the playlist on only if yt-dlp can fetch all of it."""
        request = Request(info["url"], headers=info.get("http_headers") or {})
        with self.urlopen(request) as answer:
            text = answer.read().decode("utf-8", "replace")
            info["url"] = answer.url
        require_whole_playlist(text, info)
        info |= {"protocol": "m3u8_native", "hls_media_playlist_data": text}

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        """yt-dlp's own, with one handler: the one that keeps connections open, if it is there."""
        known = {handler.RH_KEY: handler for handler in handlers}
        chosen = known.get("Requests") or known["Urllib"]
        return super().build_request_director([_guarded(chosen, self._guard)], preferences)


class _Quiet:
    """yt-dlp's messages as debug lines: what a person should know is in the error raised."""

    def debug(self, message: str) -> None:
        _log.debug("%s", message)

    info = warning = error = debug


def _may_see_token(url: str) -> bool:
    parts = urlsplit(url)
    host = f".{parts.hostname or ''}"
    return parts.scheme == "https" and host.endswith(f".{_ACCOUNT_HOST}")


def _guarded(handler: Any, guard: Guard) -> Any:
    """The handler's class, whose sessions ask the guard about redirects."""

    class GuardedRH(handler):  # type: ignore[misc]  # yt-dlp has no types
        def _create_instance(self, **facts: Any) -> Any:
            session = super()._create_instance(**facts)
            if isinstance(session, urllib.request.OpenerDirector):
                session.add_handler(_Redirects(guard))
            else:
                session.hooks["response"].append(_redirect_hook(guard))
            return session

    return GuardedRH


class _Redirects(urllib.request.BaseHandler):
    """Asks the guard about each redirect before urllib follows it."""

    handler_order = 100

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        """Called for redirected requests as well, which bring all headers along."""
        if not _may_see_token(request.full_url):
            request.remove_header("Authorization")
        if request.unverifiable:
            self._guard.follow(request.full_url)
        return request

    https_request = http_request


def _redirect_hook(guard: Guard) -> Callable[..., None]:
    """Asks the guard about each redirect before requests follows it."""

    def look(response: Any, **_: Any) -> None:
        if response.is_redirect:
            guard.follow(urljoin(response.url, response.headers["location"]))

    return look
