"""Plain audio files behind direct addresses, for sources that are no SoundCloud track.

`GET /audio/` lists them, `GET /audio/NAME` serves one, with ranges. Each is made when it is first
asked for and kept in the state folder. Beside whole recordings there are two broken ones:
`cut-short.mp3` ends in the middle though its length in the listing is the whole one, and
`not-audio.mp3` is a web page.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.ledger import Ledger

_RATE = 44_100


@dataclass(frozen=True)
class AudioFile:
    """A recording of `seconds`, encoded with `codec`; served up to `share` of its bytes."""

    codec: str
    seconds: float
    share: float = 1.0


AUDIO_FILES = {
    "first-light.mp3": AudioFile("libmp3lame", 42.0),
    "low-tide.m4a": AudioFile("aac", 65.0),
    "plain-chant.wav": AudioFile("pcm_s16le", 33.0),
    "winter-field.flac": AudioFile("flac", 38.0),
    "small-hours.opus": AudioFile("libopus", 51.0),
    "cut-short.mp3": AudioFile("libmp3lame", 60.0, share=0.55),
    "not-audio.mp3": AudioFile("", 0.0),
}


def create_app(folder: Path, ledger: Ledger) -> Starlette:
    """The routes `/audio/` and `/audio/{name}`; files are kept in `folder`."""
    making = asyncio.Lock()

    async def listing(_: Request) -> JSONResponse:
        return JSONResponse({name: file.seconds for name, file in AUDIO_FILES.items()})

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / name
        found = name in AUDIO_FILES
        if found:
            async with making:
                if not path.exists():
                    await asyncio.to_thread(write_audio, path, AUDIO_FILES[name])
        ledger.request("audio", request.method, request.url.path, 200 if found else 404)
        return FileResponse(path) if found else Response("Not Found", status_code=404)

    return Starlette(
        routes=[Route("/audio/", listing), Route("/audio/{name}", serve, methods=["GET"])]
    )


def write_audio(path: Path, file: AudioFile) -> None:
    """Make the recording at `path`; another name, another music."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    if not file.codec:
        partial.write_text("<!doctype html><title>Not found</title><p>Nothing plays here.</p>")
    else:
        _encode(partial, path.suffix.removeprefix("."), file, seed=zlib.crc32(path.name.encode()))
        whole = partial.read_bytes()
        partial.write_bytes(whole[: int(len(whole) * file.share)])
    partial.replace(path)


def _encode(path: Path, container: str, file: AudioFile, *, seed: int) -> None:
    rate = 48_000 if file.codec == "libopus" else _RATE
    form = {"m4a": "mp4"}.get(container, container)
    with av.open(str(path), "w", format=form) as out:
        stream = out.add_stream(file.codec, rate=rate, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        sample_format = stream.format.name
        resampler = av.AudioResampler(format=sample_format, layout="stereo", rate=rate)
        frame = av.AudioFrame.from_ndarray(_music(file.seconds, rate, seed), "s16p", "stereo")
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        fifo = av.AudioFifo()
        for resampled in resampler.resample(frame):
            fifo.write(resampled)
        size = stream.codec_context.frame_size or 4096
        while (part := fifo.read(size, partial=True)) is not None:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))


def _music(seconds: float, rate: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Planar stereo: a chord that changes twice a second, each note with its own decay."""
    dice = np.random.default_rng(seed)
    total = int(seconds * rate)
    step = rate // 2
    decay = np.exp(-np.arange(step) / (rate * 0.25))
    times = np.arange(step) / rate
    beats = []
    for _ in range(-(-total // step)):
        pitches = 110.0 * 2 ** (dice.choice([0, 3, 5, 7, 10, 12, 15], size=3) / 12)
        beats.append(np.sin(2 * np.pi * pitches[:, None] * times).sum(axis=0) * decay / 3)
    mono = np.concatenate(beats)[:total]
    both = np.stack([mono, np.roll(mono, rate // 100)])
    return np.ascontiguousarray(both * 20_000).astype(np.int16)
