"""The content hosts: playlists, segments, progressive MP3, originals; each by a signed address.

An address holds until `expires` and is refused with 403 from then on, or when its signature is
wrong, as SoundCloud's are.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

from sandbox.soundcloud.catalogue import Catalogue, SampleTrack
from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.encoding import init_segment
from sandbox.soundcloud.messages import Answer, Request, html_answer
from sandbox.soundcloud.recordings import Piece, Recording, Recordings
from sandbox.soundcloud.renditions import PREVIEW_SECONDS, RENDITIONS, Rendition

__all__ = ["Media"]

AAC_HOST = "playback.media-streaming.soundcloud.cloud"
HLS_HOST = "cf-hls-media.sndcdn.com"
FILE_HOST = "cf-media.sndcdn.com"
PREVIEW_HOST = "cf-preview-media.sndcdn.com"

_KEY = r"(?P<key>[0-9A-Za-z]{6}[0-9a-f]{8})"
_PLAYLISTS = (
    (AAC_HOST, re.compile(rf"/{_KEY}/(?P<name>aac-\d+)/playlist\.m3u8")),
    (HLS_HOST, re.compile(rf"/playlist/{_KEY}\.128\.mp3/playlist\.m3u8")),
    (HLS_HOST, re.compile(rf"/playlist/0/30/{_KEY}\.128\.mp3/playlist\.m3u8")),
)
_AAC_SEGMENT = re.compile(rf"/{_KEY}/(?P<name>aac-\d+)/(?:init\.mp4|data(?P<number>\d+)\.m4s)")
_MP3_SEGMENT = re.compile(rf"/media/(?P<start>\d+)/(?P<end>\d+)/{_KEY}\.128\.mp3")
_FILE = re.compile(rf"/(?P<preview>preview/0/30/)?{_KEY}\.(?:128\.mp3|original\.(?P<kind>\w+))")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/x-wav",
    "aiff": "audio/x-aiff",
    "flac": "audio/x-flac",
}
_PAGE = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>" + (
    "<p>Something went wrong on our side. Please come back later.</p>" * 120
)
_DENIED = Answer(
    status=403,
    body=b"<Error><Code>AccessDenied</Code></Error>",
    headers={"Content-Type": "text/xml"},
)
_GONE = Answer(status=404)

_Serve = Callable[[Request, "re.Match[str]", SampleTrack], Awaitable[Answer]]


class Media:
    """Gives out addresses and answers for them."""

    def __init__(self, catalogue: Catalogue, recordings: Recordings) -> None:
        self._catalogue = catalogue
        self._recordings = recordings

    def address(self, track: SampleTrack, rendition: Rendition, *, is_expired: bool = False) -> str:
        """A signed address of a rendition; `is_expired` makes one whose time is over."""
        key = self._key(track)
        if rendition.protocol == "progressive":
            host = PREVIEW_HOST if rendition.is_preview else FILE_HOST
            path = f"/preview/0/30/{key}.128.mp3" if rendition.is_preview else f"/{key}.128.mp3"
        elif rendition.codec.encoder == "aac":
            host, path = AAC_HOST, f"/{key}/{rendition.name}/playlist.m3u8"
        else:
            part = "/0/30" if rendition.is_preview else ""
            host, path = HLS_HOST, f"/playlist{part}/{key}.128.mp3/playlist.m3u8"
        return self._signed(host, path, key, is_expired=is_expired)

    def original_address(self, track: SampleTrack) -> str:
        """A signed address of the uploaded file."""
        key = self._key(track)
        return self._signed(FILE_HOST, f"/{key}.original.{track.original}", key)

    async def answer(self, request: Request) -> Answer:
        """What a content host answers."""
        if request.method not in {"GET", "HEAD"}:
            return Answer(status=405)
        for host, pattern in _PLAYLISTS:
            found = pattern.fullmatch(request.path)
            if found and host == request.host:
                return await self._checked(request, found, self._playlist)
        if request.host == AAC_HOST and (found := _AAC_SEGMENT.fullmatch(request.path)):
            return await self._checked(request, found, self._aac_segment)
        if request.host == HLS_HOST and (found := _MP3_SEGMENT.fullmatch(request.path)):
            return await self._checked(request, found, self._mp3_segment)
        if found := _FILE.fullmatch(request.path):
            return await self._checked(request, found, self._file)
        return _GONE

    async def _checked(self, request: Request, found: re.Match[str], serve: _Serve) -> Answer:
        key = found["key"]
        track = self._catalogue.track(int(key[6:], 16))
        if track is None or track.condition is Condition.REMOVED or key != self._key(track):
            return _GONE
        expires = request.query.get("expires", "")
        signature = request.query.get("Signature", "")
        is_ours = hmac.compare_digest(signature, self._signature(key, expires))
        if not is_ours or int(expires) < time.time():
            return _DENIED
        return await serve(request, found, track)

    async def _playlist(self, request: Request, found: re.Match[str], track: SampleTrack) -> Answer:
        is_aac = request.host == AAC_HOST
        rendition = RENDITIONS[found["name"] if is_aac else "mp3-hls"]
        is_preview = "/0/30/" in request.path
        recording = await self._recordings.encoded(
            track, rendition.codec, seconds=PREVIEW_SECONDS if is_preview else None
        )
        query = urlencode(request.query)
        base = f"https://{request.host}"
        lines = _heading(recording)
        if is_aac:
            lines.append(f'#EXT-X-MAP:URI="init.mp4?{query}"')
        for number, piece in enumerate(recording.pieces):
            lines.append(f"#EXTINF:{piece.seconds:.6f},")
            if is_aac:
                lines.append(f"data{number:03}.m4s?{query}")
            else:
                place = f"{piece.start}/{piece.end}"
                lines.append(f"{base}/media/{place}/{found['key']}.128.mp3?{query}")
        lines.append("#EXT-X-ENDLIST\n")
        return Answer(
            status=200,
            body="\n".join(lines).encode(),
            headers={"Content-Type": "application/vnd.apple.mpegurl"},
        )

    async def _aac_segment(
        self, request: Request, found: re.Match[str], track: SampleTrack
    ) -> Answer:
        if found["name"] not in RENDITIONS:
            return _GONE
        recording = await self._recordings.encoded(track, RENDITIONS[found["name"]].codec)
        if found["number"] is None:
            return self._segment(request, track, init_segment(), "audio/mp4")
        number = int(found["number"])
        if number >= len(recording.pieces):
            return _GONE
        return self._numbered(request, track, recording, number, "audio/mp4")

    async def _mp3_segment(
        self, request: Request, found: re.Match[str], track: SampleTrack
    ) -> Answer:
        """Previews are the beginning of the whole, so their segments are found in it as well."""
        recording = await self._recordings.encoded(track, RENDITIONS["mp3-hls"].codec)
        start, end = int(found["start"]), int(found["end"])
        for number, piece in enumerate(recording.pieces):
            if piece.start == start and end <= piece.end:
                cut = Recording(recording.path, (Piece(start, end, 0.0),))
                if end == piece.end:
                    return self._numbered(request, track, recording, number, "audio/mpeg")
                return self._segment(request, track, _bytes_of(cut, 0), "audio/mpeg")
        return _GONE

    def _numbered(
        self,
        request: Request,
        track: SampleTrack,
        recording: Recording,
        number: int,
        content_type: str,
    ) -> Answer:
        data = _bytes_of(recording, number)
        count = len(recording.pieces)
        if track.condition is Condition.MISSING_FRAGMENT:
            missing = track.details["fragment"]
            missing = count // 2 if missing is None else missing
            if number == missing and self._catalogue.strikes(track, "fragment"):
                return _GONE
        if track.condition is Condition.STALL and number == int(_share(track) * count):
            return self._stalled(
                request, track, _partial(request, data, content_type), len(data) // 2
            )
        return self._segment(request, track, data, content_type)

    def _segment(
        self, request: Request, track: SampleTrack, data: bytes, content_type: str
    ) -> Answer:
        if track.condition is Condition.HTML and self._catalogue.strikes(track, request.path):
            return html_answer(_PAGE)
        return _partial(request, data, content_type)

    async def _file(self, request: Request, found: re.Match[str], track: SampleTrack) -> Answer:
        path, content_type, extra = await self._whole(found, track)
        if path is None:
            return _GONE
        is_get = request.method == "GET"
        if is_get and track.condition is Condition.HTML and self._catalogue.strikes(track, "body"):
            return html_answer(_PAGE)
        data = path.read_bytes()
        answer = _partial(request, data, content_type, extra)
        limit = int(_share(track) * len(data)) - (len(data) - len(answer.body))
        if is_get and track.condition is Condition.STALL:
            return self._stalled(request, track, answer, limit)
        if is_get and track.condition is Condition.TRUNCATED:
            return self._truncated(track, answer, limit)
        return answer

    async def _whole(
        self, found: re.Match[str], track: SampleTrack
    ) -> tuple[Path | None, str, dict[str, str]]:
        kind = found["kind"]
        if kind is None:
            seconds = PREVIEW_SECONDS if found["preview"] else None
            codec = RENDITIONS["mp3"].codec
            recording = await self._recordings.encoded(track, codec, seconds=seconds)
            return recording.path, _TYPES["mp3"], {}
        if kind != track.original:
            return None, "", {}
        name = f'attachment; filename="{track.slug}.{kind}"'
        return await self._recordings.original(track), _TYPES[kind], {"Content-Disposition": name}

    def _stalled(self, request: Request, track: SampleTrack, answer: Answer, at: int) -> Answer:
        if request.method != "GET" or not self._catalogue.strikes(track, "body"):
            return answer
        return Answer(
            status=answer.status,
            body=answer.body,
            headers=answer.headers,
            pause_at=max(0, at),
            pause_seconds=track.details["seconds"],
        )

    def _truncated(self, track: SampleTrack, answer: Answer, at: int) -> Answer:
        if not self._catalogue.strikes(track, "body"):
            return answer
        return Answer(
            status=answer.status, body=answer.body, headers=answer.headers, cut_at=max(0, at)
        )

    def _signed(self, host: str, path: str, key: str, *, is_expired: bool = False) -> str:
        expires = int(time.time() + (-60 if is_expired else self._catalogue.url_lifetime))
        query = {
            "expires": expires,
            "Signature": self._signature(key, str(expires)),
            "Key-Pair-Id": "SANDBOX",
        }
        return f"https://{host}{path}?{urlencode(query)}"

    def _key(self, track: SampleTrack) -> str:
        return f"{self._catalogue.token(f'media/{track.id}', 6)}{track.id:08x}"

    def _signature(self, key: str, expires: str) -> str:
        return self._catalogue.token(f"signature/{key}/{expires}", 40)


def _share(track: SampleTrack) -> float:
    share = track.details.get("share")
    return 1.0 if share is None else share


def _heading(recording: Recording) -> list[str]:
    longest = max(piece.seconds for piece in recording.pieces)
    return [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{int(longest) + 1}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]


def _bytes_of(recording: Recording, number: int) -> bytes:
    piece = recording.pieces[number]
    with recording.path.open("rb") as file:
        file.seek(piece.start)
        return file.read(piece.end - piece.start)


def _partial(
    request: Request, data: bytes, content_type: str, extra: dict[str, str] | None = None
) -> Answer:
    """`data`, or the range of it that was asked for (RFC 9110, 14); 416 if there is none."""
    headers = {"Content-Type": content_type, "Accept-Ranges": "bytes"} | (extra or {})
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or not any(found.groups()):
        return Answer(status=200, body=data, headers=headers)
    first, last = found.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last) + 1, len(data)) if first and last else len(data)
    if start >= end:
        return Answer(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Answer(status=206, body=data[start:end], headers=headers)
