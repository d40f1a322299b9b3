"""api-v2's lists of an account: its tracks, likes, reposts, playlists, and all of it together.

They come newest first, in pages that are linked: `next_href` leads to the page after
(developers.soundcloud.com, "offset pagination deprecated"); a page has 200 entries at most.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.soundcloud.accounts import Accounts
from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.messages import Answer, Request, json_answer
from sandbox.soundcloud.objects import API, set_object, track_object, user_id, user_object
from sandbox.soundcloud.records import SampleSet, SampleTrack

Json = dict[str, Any]
Make = Callable[[], Json]
E = TypeVar("E", bound=SampleTrack | SampleSet)

_PATH = re.compile(r"/(?P<stream>stream/)?users/(?P<id>\d+)(?:/(?P<what>\w+))?")
_LARGEST_PAGE = 200
_USUAL_PAGE = 10
_KNOWN = {"tracks", "likes", "reposts", "playlists", "albums", "spotlight", "comments"}


class Lists:
    """Answers from the accounts."""

    def __init__(self, catalogue: Catalogue, accounts: Accounts) -> None:
        self._catalogue = catalogue
        self._accounts = accounts

    def answer(self, request: Request, *, has_account: bool) -> Answer | None:
        """A page of a list; None if the path names none."""
        found = _PATH.fullmatch(request.path)
        what = found["what"] or ("stream" if found["stream"] else "") if found else ""
        if found is None or what not in _KNOWN | {"stream"}:
            return None
        slug = self._slug(int(found["id"]))
        if slug is None:
            return json_answer({}, 404)
        status = self._accounts.closed(slug) or self._accounts.closed(f"{slug}/{what}")
        if status:
            return json_answer({}, status)
        return self._page(request, self._entries(slug, what, has_account=has_account))

    def _slug(self, number: int) -> str | None:
        slugs = self._accounts.slugs()
        return next((slug for slug in slugs if user_id(self._catalogue, slug) == number), None)

    def _entries(self, slug: str, what: str, *, has_account: bool) -> list[Make]:
        """Each entry as a function: only those of the page asked for are made."""
        wrapped = partial(self._wrapped, slug, has_account=has_account)
        uploads = _listed(self._accounts.uploads(slug))
        reposts = _listed(self._accounts.shelf(slug, "reposts"))
        match what:
            case "tracks":
                return [partial(self._object, track, has_account=has_account) for track in uploads]
            case "likes":
                liked = _listed(self._accounts.shelf(slug, "likes"))
                return [partial(wrapped, "like", each) for each in liked]
            case "reposts":
                return [partial(wrapped, "repost", each) for each in reposts]
            case "stream":
                posted = [partial(wrapped, "post", track) for track in uploads]
                return [*posted, *(partial(wrapped, "repost", each) for each in reposts)]
            case "playlists":
                own = [each for each in self._catalogue.sets if each.artist_slug == slug]
                shown = [each for each in own[::-1] if not each.secret]
                return [partial(self._object, each, has_account=has_account) for each in shown]
        return []

    def _wrapped(
        self, slug: str, how: str, each: SampleTrack | SampleSet, *, has_account: bool
    ) -> Json:
        """A track or playlist as it stands in somebody's likes or stream."""
        shown = self._object(each, has_account=has_account)
        noun = "track" if isinstance(each, SampleTrack) else "playlist"
        user = user_object(self._catalogue, self._accounts.name(slug) or slug, slug)
        kind: dict[str, Json] = {
            "like": {"kind": "like"},
            "repost": {"type": f"{noun}-repost", "caption": None},
        }
        of_kind = kind.get(how, {"type": noun})
        return {"created_at": shown["created_at"], **of_kind, "user": user, noun: shown}

    def _object(self, each: SampleTrack | SampleSet, *, has_account: bool) -> Json:
        if isinstance(each, SampleTrack):
            return track_object(self._catalogue, each, has_account=has_account)
        return set_object(self._catalogue, each, has_account=has_account)

    def _page(self, request: Request, entries: list[Make]) -> Answer:
        start = _number(request.query.get("offset", ""), 0)
        size = min(max(1, _number(request.query.get("limit", ""), _USUAL_PAGE)), _LARGEST_PAGE)
        end = start + size
        following = {"offset": end, "limit": size}
        more = f"{API}{request.path}?{urlencode(following)}" if end < len(entries) else None
        made = [make() for make in entries[start:end]]
        return json_answer({"collection": made, "next_href": more, "query_urn": None})


def _listed(found: Sequence[E]) -> list[E]:
    """Those that others may see in a list."""
    hidden = {Condition.REMOVED, Condition.PRIVATE}
    return [e for e in found if not (isinstance(e, SampleTrack) and e.condition in hidden)]


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise
