"""Music-like audio made at run time, for the bench and the tests; no file is shipped."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

_LOOP_SECONDS = 10

_SAMPLE_FORMATS = {
    "aac": "fltp",
    "libmp3lame": "fltp",
    "flac": "s16",
    "libopus": "flt",
    "alac": "s16p",
    "pcm_s16le": "s16",
    "pcm_s16be": "s16",
    "pcm_s24le": "s32",
    "pcm_f32le": "flt",
}


def music(
    seconds: float, *, rate: int = 44_100, channels: int = 2, seed: int = 1
) -> NDArray[np.float32]:
    """`seconds` of chords, a beat and noise, as float32 of shape (channels, samples)."""
    samples = round(seconds * rate)
    random = np.random.default_rng(seed)
    time = np.arange(samples, dtype=np.float32) / rate
    sound = np.zeros((channels, samples), dtype=np.float32)
    for note in random.choice([110, 146.8, 164.8, 220, 293.7, 440, 880, 3520], 5, replace=False):
        phases = random.uniform(0, 6.28, (channels, 1)).astype(np.float32)
        sound += 0.1 * np.sin(np.float32(6.2832 * note) * time + phases)
    beat = np.exp(-8 * (time % np.float32(0.5)), dtype=np.float32)
    noise = random.standard_normal((channels, samples), dtype=np.float32)
    return (sound * (0.5 + 0.5 * beat) + 0.05 * noise * beat).clip(-0.99, 0.99)


def looped_music(seconds: float) -> NDArray[np.float32]:
    """`seconds` of ten seconds' music again and again: minutes of it, made in no time."""
    loop = music(min(seconds, _LOOP_SECONDS))
    return np.tile(loop, (1, math.ceil(seconds / _LOOP_SECONDS)))[:, : int(seconds * 44_100)]


def encode(
    path: Path,
    sound: NDArray[np.float32],
    *,
    codec: str,
    rate: int = 44_100,
    bit_rate: int = 160_000,
    container: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write `sound` (channels, samples) to `path`; the suffix names the container."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(sound)]
    with av.open(str(path), "w", format=container, options=options or {}) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        if not codec.startswith(("pcm", "flac")):
            stream.bit_rate = bit_rate
        stream.format = _SAMPLE_FORMATS[codec]
        resampler = av.AudioResampler(_SAMPLE_FORMATS[codec], layout, rate)
        for start in range(0, sound.shape[1], rate):
            block = np.ascontiguousarray(sound[:, start : start + rate])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            for converted in resampler.resample(frame):
                output.mux(stream.encode(converted))
        output.mux(stream.encode(None))
    return path
