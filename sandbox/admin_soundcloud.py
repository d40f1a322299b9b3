"""The administration of SoundCloud's stand-in: tracks, and the lists they are in.

    GET    /_sandbox/soundcloud/tracks     id, title, artist and address of every track
    POST   /_sandbox/soundcloud/tracks     {"title", "artist", and what `add_track` takes}
    POST   /_sandbox/soundcloud/likes      {"account", "tracks": [ids]}, also `reposts`
    POST   /_sandbox/soundcloud/sets       {"title", "artist", "tracks"}, or {"url", "tracks"}: what
                                           that playlist holds from now on
    POST   /_sandbox/soundcloud/closed     {"path": "artist/likes", "status": 404}; 0 opens it

Each answers the address of what was made or changed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from sandbox.soundcloud import SoundCloudStandIn
    from sandbox.soundcloud.records import SampleTrack


def routes(soundcloud: SoundCloudStandIn) -> list[Route]:
    """The routes above."""
    calls = _Calls(soundcloud)
    return [
        Route("/_sandbox/soundcloud/tracks", calls.tracks, methods=["GET"]),
        Route("/_sandbox/soundcloud/tracks", calls.add_track, methods=["POST"]),
        Route("/_sandbox/soundcloud/likes", calls.like, methods=["POST"]),
        Route("/_sandbox/soundcloud/reposts", calls.repost, methods=["POST"]),
        Route("/_sandbox/soundcloud/sets", calls.keep_set, methods=["POST"]),
        Route("/_sandbox/soundcloud/closed", calls.close, methods=["POST"]),
    ]


class _Calls:
    """One method a route."""

    def __init__(self, soundcloud: SoundCloudStandIn) -> None:
        self._catalogue = soundcloud.catalogue
        self._accounts = soundcloud.accounts

    async def tracks(self, _: Request) -> JSONResponse:
        return JSONResponse([_shown(track) for track in self._catalogue.tracks])

    async def add_track(self, request: Request) -> JSONResponse:
        return JSONResponse(_shown(self._catalogue.add_track(**await _object(request))))

    async def like(self, request: Request) -> JSONResponse:
        body = await _object(request)
        return JSONResponse({"url": self._accounts.like(str(body["account"]), *self._named(body))})

    async def repost(self, request: Request) -> JSONResponse:
        body = await _object(request)
        url = self._accounts.repost(str(body["account"]), *self._named(body))
        return JSONResponse({"url": url})

    async def keep_set(self, request: Request) -> JSONResponse:
        body = await _object(request)
        tracks = self._named(body)
        if "url" in body:
            self._catalogue.change_set(body["url"], tracks)
            return JSONResponse({"url": body["url"]})
        url = self._catalogue.add_set(str(body["title"]), str(body["artist"]), tracks)
        return JSONResponse({"url": url})

    async def close(self, request: Request) -> JSONResponse:
        body = await _object(request)
        self._accounts.close(str(body["path"]), int(body.get("status", 404)))
        return JSONResponse({"url": f"https://soundcloud.com/{body['path']}"})

    def _named(self, body: dict[str, Any]) -> list[SampleTrack]:
        found = [(number, self._catalogue.track(int(number))) for number in body["tracks"]]
        missing = [str(number) for number, track in found if track is None]
        if missing:
            raise KeyError(f"SoundCloud has no track {', '.join(missing)}.")
        return [track for _, track in found if track is not None]


def _shown(track: SampleTrack) -> dict[str, Any]:
    return {"id": track.id, "title": track.title, "artist": track.artist, "url": track.url}


async def _object(request: Request) -> dict[str, Any]:
    body = json.loads(await request.body() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("Send a JSON object.")  # noqa: TRY004 - becomes a 400, as any bad value
    return body
