"""Reading a list of SoundCloud by yt-dlp's own extractors, as far as it is needed.

The extractors hand on numbers and addresses alone, though SoundCloud's pages say each track's title
and artist: those are heard on the way, so that a list of 500 costs three requests and not 503.
SoundCloud answers lists of likes and reposts only to what looks like a browser; yt-dlp does so by
curl_cffi where that is installed (docs/facts/soundcloud.md, "Lists").
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.networking import Response

from tasks.errors import SourceDenied, TrackNotFound
from tasks.extras import how_to_add
from tasks.soundcloud.client import SoundCloudClient, translated
from tasks.soundcloud.downloader import Downloader, Guard
from tasks.soundcloud.information import SourceFacts
from tasks.soundcloud.lists import ListAddress, ListedTrack, ListKind, SourceList, heard_facts

Json = dict[str, Any]

_API_HOST = "api-v2.soundcloud.com"
_BROWSER = "CurlCFFI"
_EXTRACTORS = ("SoundcloudSet", "SoundcloudPlaylist", "SoundcloudUser")


async def read_list(
    client: SoundCloudClient,
    address: ListAddress,
    known: frozenset[str] = frozenset(),
    *,
    first_page_only: bool = False,
) -> SourceList:
    """The tracks behind `address`; none of them is fetched.

    `known` are numbers of tracks: a list that comes newest first is read to its first page that
    holds no other, with `first_page_only` to the end of its first. Raises a SourceError.
    """

    def work(downloader: Downloader) -> SourceList | SourceDenied:
        assert isinstance(downloader, _Listener)
        try:
            with translated(address.shown):
                return _read(downloader, address, known, first_page_only=first_page_only)
        except TrackNotFound as error:
            raise TrackNotFound(
                f"SoundCloud has no list at {address.shown}: it was removed, or it is private.",
                remedy="Follow the address that its owner shares (with s-…), or unfollow it.",
            ) from error
        except SourceDenied as error:
            # One list that is refused says nothing of the tracks, so their pace stays as it is.
            return _denied(error, can_look_like_browser=downloader.can_look_like_browser)

    found = await client.ask(work, of=_Listener, extractors=_EXTRACTORS)
    if isinstance(found, SourceDenied):
        raise found
    return found


def _read(
    downloader: _Listener, address: ListAddress, known: frozenset[str], *, first_page_only: bool
) -> SourceList:
    found: Json = downloader.extract_info(address.url, download=False, process=False)
    tracks: dict[str, ListedTrack] = {}
    others = 0
    page: list[str] = []
    is_whole = True
    for entry in found.get("entries") or ():
        number = str((entry or {}).get("id") or "")
        page.append(number)
        if number and entry.get("ie_key") == "Soundcloud":
            facts = downloader.heard.get(number)
            tracks.setdefault(number, ListedTrack(number=number, url=entry["url"], facts=facts))
        else:
            others += 1
        if address.kind is not ListKind.SET and len(page) >= downloader.page_size:
            if first_page_only or known.issuperset(page):
                is_whole = False
                break
            page = []
    title = str(found.get("title") or "")
    return SourceList(title=title, tracks=tuple(tracks.values()), is_whole=is_whole, others=others)


def _denied(error: SourceDenied, *, can_look_like_browser: bool) -> SourceDenied:
    if can_look_like_browser:
        return error
    return SourceDenied(
        str(error),
        remedy="SoundCloud answers such lists only to what looks like a browser. "
        + how_to_add("following", "curl-cffi"),
    )


class _Listener(Downloader):
    """Notes what SoundCloud's API says of tracks while the extractors read lists of them."""

    def __init__(
        self,
        options: dict[str, Any],
        guard: Guard,
        *,
        extractors: Iterable[str] = (),
        auth_token: str | None = None,
    ) -> None:
        self.heard: dict[str, SourceFacts] = {}
        self.page_size = 0
        self.can_look_like_browser = False
        super().__init__(options, guard, extractors=tuple(extractors), auth_token=auth_token)

    def urlopen(self, req: Any) -> Any:
        """The answer, whose tracks are noted if it is the API's."""
        response = super().urlopen(req)
        if urlsplit(response.url).hostname != _API_HOST:
            return response
        body = response.read()
        self._note(body)
        return Response(
            io.BytesIO(body),
            url=response.url,
            headers=response.headers,
            status=response.status,
            reason=response.reason,
            extensions=response.extensions,
        )

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        """The plain one, and beside it the one that looks like a browser, if it is installed."""
        found = list(handlers)
        director = super().build_request_director(found, preferences)
        browser = next((each for each in found if each.RH_KEY == _BROWSER), None)
        if browser is not None:
            self.can_look_like_browser = True
            plain = YoutubeDL.build_request_director(self, [_without_redirects(browser)])
            for handler in plain.handlers.values():
                director.add_handler(handler)
        return director

    def _note(self, body: bytes) -> None:
        try:
            answer = json.loads(body)
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        collection = answer.get("collection")
        if isinstance(collection, list):
            self.page_size = len(collection)
        for track in _tracks_in(answer):
            self.heard[str(track["id"])] = heard_facts(track)


def _without_redirects(handler: Any) -> Any:
    """The handler's class, which follows no redirect: the guard could not look at it."""

    class UnredirectedRH(handler):  # type: ignore[misc]  # yt-dlp has no types
        def _create_instance(self, **facts: Any) -> Any:
            session = super()._create_instance(**facts)
            session.allow_redirects = False
            return session

    return UnredirectedRH


def _tracks_in(answer: Json) -> Iterator[Json]:
    """Whole tracks of a page, of a playlist, or the answer itself; not the stubs."""
    entries = [*(answer.get("collection") or ()), *(answer.get("tracks") or ()), answer]
    for entry in entries:
        inner = entry.get("track", entry) if isinstance(entry, dict) else None
        if isinstance(inner, dict) and inner.get("kind") == "track" and inner.get("title"):
            yield inner
