"""The picture Eagle shows for audio: 280 by 140, blue on clear, WebP.

Source: docs/facts/eagle.md, "Records".
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import InputContainer

from sandbox.eagle.imports.probe import AUDIO_PICTURE

_BLUE_BGRA = (0xEF, 0x72, 0x00, 0xFF)
_POINTS = 35


def waveform_picture(path: Path) -> bytes | None:
    """WebP bytes drawn from 35 short listens spread over the file; None if it cannot be decoded."""
    try:
        return _encode(_draw(_peaks(path)))
    except (OSError, IndexError, ValueError, av.FFmpegError):
        return None


def _peaks(path: Path) -> npt.NDArray[np.float64]:
    peaks = np.zeros(_POINTS)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        peaks[0] = _listen(container, stream)
        with contextlib.suppress(av.FFmpegError):  # some short files cannot be sought in
            for point in range(1, _POINTS):
                container.seek((container.duration or 0) * point // _POINTS)
                peaks[point] = _listen(container, stream)
    return peaks


def _listen(container: InputContainer, stream: AudioStream) -> float:
    frame = next(container.decode(stream), None)
    return 0.0 if frame is None else _peak(frame.to_ndarray())


def _peak(samples: npt.NDArray[np.generic]) -> float:
    full = 1.0 if samples.dtype.kind == "f" else float(2 ** (8 * samples.dtype.itemsize - 1))
    return float(np.abs(samples.astype(np.float64)).max(initial=0.0)) / full


def _draw(peaks: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    width, height = AUDIO_PICTURE
    columns = np.repeat(np.clip(peaks, 0.01, 1.0), width // _POINTS) * (height / 2 - 4)
    distance = np.abs(np.arange(height) - (height - 1) / 2)
    picture = np.zeros((height, width, 4), dtype=np.uint8)
    picture[distance[:, None] <= columns[None, :]] = _BLUE_BGRA
    return picture


def _encode(picture: npt.NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="webp") as container:
        stream = container.add_stream("libwebp", rate=1)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "bgra"
        frame = av.VideoFrame.from_ndarray(picture, format="bgra")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return out.getvalue()
