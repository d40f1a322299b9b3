"""The audio of the tracks as files in the state folder, made when first asked for."""

from __future__ import annotations

import asyncio
import collections
import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from sandbox.soundcloud.conditions import Condition
from sandbox.soundcloud.encoding import Codec, segments_of
from sandbox.soundcloud.music import (
    RATE,
    STEP,
    Samples,
    Score,
    bar_samples,
    score_for,
    steps_for,
)
from sandbox.soundcloud.records import SampleTrack

# kind of file: (format for PyAV, encoder, bits a second or 0)
_ORIGINALS = {
    "wav": ("wav", "pcm_s16le", 0),
    "aiff": ("aiff", "pcm_s16be", 0),
    "flac": ("flac", "flac", 0),
    "mp3": ("mp3", "libmp3lame", 320_000),
}
_BLOCK = 4_096


@dataclass(frozen=True)
class Piece:
    """A segment's place in the file, and its length in seconds."""

    start: int
    end: int
    seconds: float


@dataclass(frozen=True)
class Recording:
    """A file with all segments one after another."""

    path: Path
    pieces: tuple[Piece, ...]


class Recordings:
    """Makes and keeps files in `folder`; another `seed`, another music."""

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        self._folder = folder
        self._seed = seed
        self._making: dict[Path, asyncio.Lock] = collections.defaultdict(asyncio.Lock)
        self._made: set[Path] = set()

    async def encoded(
        self, track: SampleTrack, codec: Codec, *, seconds: float | None = None
    ) -> Recording:
        """The track in `codec`, or the first `seconds` of it."""
        score = self._score(track)
        if seconds is not None and seconds < track.seconds:
            score = score.cut(steps_for(seconds))
        name = f"{track.id}{_suffix(track)}-{score.steps}.{codec.name}"
        path = self._folder / name
        index = path.with_name(f"{name}.json")
        await self._make(index, lambda: _write_segments(score, codec, path, index))
        return Recording(path, tuple(Piece(*piece) for piece in json.loads(index.read_text())))

    async def original(self, track: SampleTrack) -> Path:
        """The file that was uploaded, of kind `track.original`."""
        path = self._folder / f"{track.id}{_suffix(track)}-original.{track.original}"
        await self._make(path, lambda: _write_original(self._score(track), track.original, path))
        return path

    def _score(self, track: SampleTrack) -> Score:
        is_silent = track.condition is Condition.SILENT
        name = f"{self._seed}/{track.id}"
        return score_for(name, steps_for(track.seconds), is_silent=is_silent)

    async def _make(self, path: Path, work: Callable[[], None]) -> None:
        async with self._making[path]:
            if path not in self._made:
                await asyncio.to_thread(_unless_there, path, work)
                self._made.add(path)


def _unless_there(path: Path, work: Callable[[], None]) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        work()


def _suffix(track: SampleTrack) -> str:
    return "-silent" if track.condition is Condition.SILENT else ""


def _write_segments(score: Score, codec: Codec, path: Path, index: Path) -> None:
    """The index comes last: with it, the file is whole."""
    pieces: list[tuple[int, int, float]] = []
    with path.open("wb") as out:
        for segment in segments_of(score, codec):
            start = out.tell()
            out.write(segment.data)
            pieces.append((start, out.tell(), segment.samples / RATE))
    partial = index.with_name(f".{index.name}")
    partial.write_text(json.dumps(pieces))
    partial.replace(index)


def _write_original(score: Score, kind: str, path: Path) -> None:
    container, encoder, bit_rate = _ORIGINALS[kind]
    partial = path.with_name(f".{path.name}")
    with av.open(str(partial), "w", format=container) as out:
        stream = out.add_stream(encoder, rate=RATE, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        if bit_rate:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(
            format=stream.format.name, layout="stereo", rate=RATE, frame_size=_size_of(stream)
        )
        for frame in resampler.resample(_frame(_samples(score))):
            out.mux(stream.encode(frame))
        for frame in resampler.resample(None):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    partial.replace(path)


def _size_of(stream: av.AudioStream) -> int:
    return stream.codec_context.frame_size or _BLOCK


def _samples(score: Score) -> Samples:
    whole: Samples = np.concatenate([bar_samples(name) for name in score.bars])
    return whole[: score.steps * STEP]


def _frame(samples: Samples) -> av.AudioFrame:
    packed = np.ascontiguousarray(samples).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
    frame.sample_rate = RATE
    frame.time_base = Fraction(1, RATE)
    frame.pts = 0
    return frame
