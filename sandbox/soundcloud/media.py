"""The content hosts: playlists, segments, progressive MP3, originals; each by a signed address."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

from sandbox.soundcloud.addresses import AAC_HOST, FILE_HOST, HLS_HOST, KEY, Addresses
from sandbox.soundcloud.catalogue import Catalogue
from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.encoding import MP3, init_segment
from sandbox.soundcloud.messages import Answer, Request, file_answer, html_answer
from sandbox.soundcloud.recordings import Piece, Recording, Recordings
from sandbox.soundcloud.records import SampleTrack
from sandbox.soundcloud.renditions import PREVIEW_SECONDS, RENDITIONS

_AAC_PLAYLIST = re.compile(rf"/{KEY}/(?P<name>aac-\d+)/playlist\.m3u8")
_MP3_PLAYLIST = re.compile(rf"/playlist/(?P<preview>0/30/)?{KEY}\.128\.mp3/playlist\.m3u8")
_AAC_SEGMENT = re.compile(rf"/{KEY}/(?P<name>aac-\d+)/(?:init\.mp4|data(?P<number>\d+)\.m4s)")
_MP3_SEGMENT = re.compile(rf"/media/(?P<start>\d+)/(?P<end>\d+)/{KEY}\.128\.mp3")
_MP3_FILE = re.compile(rf"/(?P<preview>preview/0/30/)?{KEY}\.128\.mp3")
_ORIGINAL = re.compile(rf"/{KEY}\.original\.(?P<kind>\w+)")
_TYPES = {
    "m4s": "audio/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/x-wav",
    "aiff": "audio/x-aiff",
    "flac": "audio/x-flac",
    "m3u8": "application/vnd.apple.mpegurl",
}
_PAGE = "<!DOCTYPE html><html><head><title>Sorry</title></head><body>" + (
    "<p>Something went wrong on our side. Please come back later.</p>" * 120
)
_GONE = Answer(status=404)
_DENIED = Answer(
    status=403,
    body=b"<Error><Code>AccessDenied</Code></Error>",
    headers={"Content-Type": "text/xml"},
)

_Serve = Callable[[Request, "re.Match[str]", SampleTrack], Awaitable[Answer]]


class Media:
    """Answers for the addresses that `Addresses` gives out."""

    def __init__(self, catalogue: Catalogue, recordings: Recordings) -> None:
        self._catalogue = catalogue
        self._addresses = Addresses(catalogue)
        self._recordings = recordings

    async def answer(self, request: Request) -> Answer:
        """What a content host answers: 404 for no such thing, 403 once an address is over."""
        routes: dict[str, tuple[tuple[re.Pattern[str], _Serve], ...]] = {
            AAC_HOST: ((_AAC_PLAYLIST, self._aac_list), (_AAC_SEGMENT, self._aac_segment)),
            HLS_HOST: ((_MP3_PLAYLIST, self._mp3_list), (_MP3_SEGMENT, self._mp3_segment)),
            FILE_HOST: ((_MP3_FILE, self._mp3_file), (_ORIGINAL, self._original)),
        }
        for pattern, serve in routes.get(request.host, ((_MP3_FILE, self._mp3_file),)):
            if found := pattern.fullmatch(request.path):
                return await self._checked(request, found, serve)
        return _GONE

    async def _checked(self, request: Request, found: re.Match[str], serve: _Serve) -> Answer:
        track = self._addresses.track_at(found["key"])
        if track is None or track.condition is Condition.REMOVED:
            return _GONE
        if not self._addresses.holds(found["key"], request.query):
            return _DENIED
        return await serve(request, found, track)

    async def _aac_list(self, request: Request, found: re.Match[str], track: SampleTrack) -> Answer:
        rendition = RENDITIONS.get(found["name"])
        if rendition is None:
            return _GONE
        recording = await self._recordings.encoded(track, rendition.codec)
        query = urlencode(request.query)
        segments = [
            (piece, f"data{number:03}.m4s?{query}") for number, piece in enumerate(recording.pieces)
        ]
        return _playlist(segments, [f'#EXT-X-MAP:URI="init.mp4?{query}"'])

    async def _mp3_list(self, request: Request, found: re.Match[str], track: SampleTrack) -> Answer:
        recording = await self._mp3(track, is_preview=found["preview"] is not None)
        name = f"{found['key']}.128.mp3?{urlencode(request.query)}"
        return _playlist(
            [(p, f"https://{HLS_HOST}/media/{p.start}/{p.end}/{name}") for p in recording.pieces]
        )

    async def _aac_segment(
        self, request: Request, found: re.Match[str], track: SampleTrack
    ) -> Answer:
        rendition = RENDITIONS.get(found["name"])
        if rendition is None:
            return _GONE
        if found["number"] is None:
            return self._page(request, track) or file_answer(request, init_segment(), _TYPES["m4s"])
        recording = await self._recordings.encoded(track, rendition.codec)
        number = int(found["number"])
        if number >= len(recording.pieces):
            return _GONE
        return self._segment(request, track, recording, number, _TYPES["m4s"])

    async def _mp3_segment(
        self, request: Request, found: re.Match[str], track: SampleTrack
    ) -> Answer:
        """A preview is the beginning of the whole, byte for byte, so one file serves both."""
        recording = await self._mp3(track)
        start, end = int(found["start"]), int(found["end"])
        for number, piece in enumerate(recording.pieces):
            if piece.start == start < end <= piece.end:
                answer = self._segment(request, track, recording, number, _TYPES["mp3"])
                is_whole = end == piece.end or answer.status != 200
                return answer if is_whole else _shortened(answer, end - start)
        return _GONE

    async def _mp3_file(self, request: Request, found: re.Match[str], track: SampleTrack) -> Answer:
        recording = await self._mp3(track, is_preview=found["preview"] is not None)
        return self._file(request, track, recording.path, _TYPES["mp3"])

    async def _original(self, request: Request, found: re.Match[str], track: SampleTrack) -> Answer:
        kind = found["kind"]
        if kind != track.original:
            return _GONE
        path = await self._recordings.original(track)
        answer = self._file(request, track, path, _TYPES[kind])
        name = {"Content-Disposition": f'attachment; filename="{track.slug}.{kind}"'}
        return dataclasses.replace(answer, headers=answer.headers | name)

    async def _mp3(self, track: SampleTrack, *, is_preview: bool = False) -> Recording:
        seconds = PREVIEW_SECONDS if is_preview else None
        return await self._recordings.encoded(track, MP3, seconds=seconds)

    def _segment(
        self,
        request: Request,
        track: SampleTrack,
        recording: Recording,
        number: int,
        content_type: str,
    ) -> Answer:
        """Segment `number`, unless it is the one that the track's trouble strikes."""
        if page := self._page(request, track):
            return page
        count = len(recording.pieces)
        if track.condition is Condition.MISSING_FRAGMENT:
            missing = track.details["fragment"]
            is_missing = number == (count // 2 if missing is None else missing)
            if is_missing and self._catalogue.strikes(track, "fragment"):
                return _GONE
        answer = file_answer(request, _bytes_of(recording, number), content_type)
        if track.condition is Condition.STALL and number == int(_share(track) * count):
            return self._stalled(request, track, answer, len(answer.body) // 2)
        return answer

    def _file(self, request: Request, track: SampleTrack, path: Path, content_type: str) -> Answer:
        """A whole file or a range of it, unless the track's trouble strikes."""
        if page := self._page(request, track):
            return page
        data = path.read_bytes()
        answer = file_answer(request, data, content_type)
        skipped = len(data) - len(answer.body) if answer.status == 206 else 0
        limit = max(0, int(_share(track) * len(data)) - skipped)
        if track.condition is Condition.STALL:
            return self._stalled(request, track, answer, limit)
        if track.condition is Condition.TRUNCATED and self._strikes(request, track, "body"):
            return dataclasses.replace(answer, cut_at=min(limit, len(answer.body)))
        return answer

    def _page(self, request: Request, track: SampleTrack) -> Answer | None:
        """The web page that comes instead of audio, if that is the track's trouble."""
        if track.condition is not Condition.HTML:
            return None
        return html_answer(_PAGE) if self._strikes(request, track, request.path) else None

    def _stalled(self, request: Request, track: SampleTrack, answer: Answer, at: int) -> Answer:
        if not self._strikes(request, track, "body"):
            return answer
        seconds = track.details["seconds"]
        return dataclasses.replace(answer, pause_at=at, pause_seconds=seconds)

    def _strikes(self, request: Request, track: SampleTrack, kind: str) -> bool:
        return request.method == "GET" and self._catalogue.strikes(track, kind)


def _share(track: SampleTrack) -> float:
    share = track.details.get("share")
    return 1.0 if share is None else share


def _playlist(segments: list[tuple[Piece, str]], extra: list[str] | None = None) -> Answer:
    """A media playlist (RFC 8216) of `segments`: their lengths and addresses."""
    longest = max(piece.seconds for piece, _ in segments)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{int(longest) + 1}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        *(extra or []),
    ]
    for piece, address in segments:
        lines += [f"#EXTINF:{piece.seconds:.6f},", address]
    body = "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()
    return Answer(status=200, body=body, headers={"Content-Type": _TYPES["m3u8"]})


def _bytes_of(recording: Recording, number: int) -> bytes:
    piece = recording.pieces[number]
    with recording.path.open("rb") as file:
        file.seek(piece.start)
        return file.read(piece.end - piece.start)


def _shortened(answer: Answer, length: int) -> Answer:
    return dataclasses.replace(answer, body=answer.body[:length])
