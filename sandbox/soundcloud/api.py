"""api-v2.soundcloud.com: resolve, tracks, format addresses, downloads, sets, lists; and logging in.

Who asks must show the `client_id` that the home page's script holds, or is told 401
(docs/facts/soundcloud.md, "How a track is reached").
"""

from __future__ import annotations

import collections
import json
import re
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from sandbox.soundcloud.accounts import Accounts
from sandbox.soundcloud.addresses import Addresses
from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.lists import Lists
from sandbox.soundcloud.messages import Answer, Request, json_answer
from sandbox.soundcloud.objects import set_object, track_object, user_object
from sandbox.soundcloud.records import SampleSet, SampleTrack
from sandbox.soundcloud.renditions import RENDITIONS, renditions_of

BUDGET_WINDOW = 600.0
"""Seconds within which `format_budget` format addresses are given out."""

_TRACK = re.compile(r"/tracks/(?:soundcloud:tracks:)?(\d+)(/download)?")
_SET = re.compile(r"/playlists/(?:soundcloud:playlists:)?(\d+)")
_FORMAT = re.compile(
    r"/media/soundcloud:tracks:(?P<id>\d+)/(?P<name>[a-z0-9-]+)-(?P<code>\w{24})/"
    r"(?:stream|preview)/[a-z-]+"
)
_WEB_HOSTS = {"soundcloud.com", "www.soundcloud.com", "m.soundcloud.com"}
_SECRET = re.compile(r"s-\w+")


class Api:
    """Answers from the catalogue; `clock` gives seconds, monotonic."""

    def __init__(
        self,
        catalogue: Catalogue,
        accounts: Accounts,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogue = catalogue
        self._accounts = accounts
        self._lists = Lists(catalogue, accounts)
        self._addresses = Addresses(catalogue)
        self._clock = clock
        self._given: collections.deque[float] = collections.deque()

    def answer(self, request: Request) -> Answer:
        """What the API answers."""
        if request.query.get("client_id") != self._catalogue.client_id:
            return json_answer({}, 401)
        if request.path == "/resolve":
            return self._resolve(request)
        if request.path == "/tracks":
            return self._several(request)
        if found := _TRACK.fullmatch(request.path):
            return self._track(request, int(found[1]), wants_file=found[2] is not None)
        if found := _SET.fullmatch(request.path):
            return self._set(request, self._catalogue.set(int(found[1])), _secret(request))
        if found := _FORMAT.fullmatch(request.path):
            return self._format(request, found)
        page = self._lists.answer(request, has_account=self._has_account(request))
        return page or json_answer({}, 404)

    def verify_login(self, request: Request) -> Answer:
        """api-auth's `/connect/session`: 200 if the token in the body is an account's."""
        try:
            token = json.loads(request.body)["session"]["access_token"]
        except (ValueError, KeyError, TypeError):
            return json_answer({"error": "invalid_request"}, 400)
        if token not in self._catalogue.oauth_tokens:
            return json_answer({"error": "invalid_token"}, 401)
        return json_answer({"session": {"access_token": token}})

    def _resolve(self, request: Request) -> Answer:
        parts = urlsplit(request.query.get("url", ""))
        if parts.hostname not in _WEB_HOSTS:
            return json_answer({}, 404)
        words = [word for word in unquote(parts.path).split("/") if word]
        secret = words.pop() if len(words) > 2 and _SECRET.fullmatch(words[-1]) else ""
        status = self._accounts.closed("/".join(words))
        if status:
            return json_answer({}, status)
        found = self._catalogue.at("/".join(words))
        if isinstance(found, SampleTrack):
            return self._track_answer(request, found, secret)
        if found is None and len(words) == 1:
            return self._user(words[0])
        return self._set(request, found, secret)

    def _track(self, request: Request, number: int, *, wants_file: bool) -> Answer:
        track = self._catalogue.track(number)
        if track is None:
            return json_answer({}, 404)
        if wants_file:
            return self._download(request, track)
        return self._track_answer(request, track, _secret(request))

    def _track_answer(self, request: Request, track: SampleTrack, secret: str) -> Answer:
        if not _is_open(track, secret):
            return json_answer({}, 404)
        if track.condition is Condition.DENIED:
            return json_answer({}, int(track.details["status"] or 403))
        account = self._has_account(request)
        return json_answer(track_object(self._catalogue, track, has_account=account))

    def _several(self, request: Request) -> Answer:
        """`/tracks?ids=1,2`: those that there are, fifty at most."""
        numbers = [int(word) for word in request.query.get("ids", "").split(",") if word.isdigit()]
        playlist = self._catalogue.set(_number(request.query.get("playlistId", "")))
        secret = request.query.get("playlistSecretToken", "")
        tracks = [track for number in numbers[:50] if (track := self._catalogue.track(number))]
        is_shared = playlist is not None and playlist.secret != "" and playlist.secret == secret
        account = self._has_account(request)
        return json_answer(
            [
                track_object(self._catalogue, track, has_account=account)
                for track in tracks
                if _is_open(track, track.secret if is_shared else "")
            ]
        )

    def _set(self, request: Request, found: SampleSet | None, secret: str) -> Answer:
        if found is None or (found.secret and found.secret != secret):
            return json_answer({}, 404)
        account = self._has_account(request)
        return json_answer(set_object(self._catalogue, found, has_account=account))

    def _user(self, slug: str) -> Answer:
        name = self._accounts.name(slug.lower())
        if name is None:
            return json_answer({}, 404)
        return json_answer(user_object(self._catalogue, name, slug.lower()))

    def _format(self, request: Request, found: re.Match[str]) -> Answer:
        """The address of one rendition; this is the call that SoundCloud counts."""
        if not self._grants():
            return json_answer({}, 429)
        track = self._catalogue.track(int(found["id"]))
        rendition = RENDITIONS.get(found["name"])
        account = self._has_account(request)
        if track is None or rendition is None or not _is_open(track, _secret(request)):
            return json_answer({}, 404)
        if track.condition is Condition.RATE_LIMITED and self._catalogue.strikes(track):
            return json_answer({}, 429)
        if rendition not in renditions_of(track, has_account=account):
            return json_answer({}, 404)
        is_aac = rendition.codec.encoder == "aac"
        if track.condition is Condition.AAC_DENIED and is_aac and self._catalogue.strikes(track):
            return json_answer({}, int(track.details["status"] or 403))
        is_expired = track.condition is Condition.EXPIRED_URL and self._catalogue.strikes(
            track, rendition.name
        )
        return json_answer({"url": self._addresses.of(track, rendition, is_expired=is_expired)})

    def _download(self, request: Request, track: SampleTrack) -> Answer:
        if not track.original or not _is_open(track, _secret(request)):
            return json_answer({}, 404)
        if track.original_needs_login and not self._has_account(request):
            return json_answer({}, 401)
        return json_answer({"redirectUri": self._addresses.of_original(track)})

    def _grants(self) -> bool:
        """True, and one more is given, if the budget of the last ten minutes has room."""
        now = self._clock()
        while self._given and self._given[0] <= now - BUDGET_WINDOW:
            self._given.popleft()
        budget = self._catalogue.format_budget
        if budget is not None and len(self._given) >= budget:
            return False
        self._given.append(now)
        return True

    def _has_account(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind == "OAuth" and token in self._catalogue.oauth_tokens


def _secret(request: Request) -> str:
    return request.query.get("secret_token", "")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _is_open(track: SampleTrack, secret: str) -> bool:
    """May one who shows `secret` know of this track?"""
    if track.condition is Condition.REMOVED:
        return False
    return track.condition is not Condition.PRIVATE or (secret != "" and secret == track.secret)
