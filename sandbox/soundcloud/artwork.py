"""Cover pictures: JPEG in every size, the original of every fourth track a PNG.

Which of the two the original is, the address in the API does not tell: it always ends in `.jpg`
(yt_dlp/extractor/soundcloud.py, `_extract_thumbnails`).
"""

from __future__ import annotations

import functools
import random
import re
import struct
import zlib
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

from sandbox.soundcloud.messages import Answer, Request

ARTWORK_HOST = "i1.sndcdn.com"
_PATH = re.compile(r"/artworks-(?P<id>\d{12})-[a-z]+-(?P<size>[0-9a-z]+)\.(?P<ext>jpg|png)")
_SIZES = {
    "mini": 16, "tiny": 20, "small": 32, "badge": 47, "t67x67": 67, "large": 100,
    "t300x300": 300, "crop": 400, "t500x500": 500, "original": 600,
}  # fmt: skip


def artwork_address(number: int) -> str:
    """The `artwork_url` of track or set `number`."""
    return f"https://{ARTWORK_HOST}/artworks-{number:012}-sandbx-large.jpg"


def serve_artwork(request: Request) -> Answer:
    """The picture at the address, or 404."""
    found = _PATH.fullmatch(request.path)
    if found is None or found["size"] not in _SIZES:
        return Answer(status=404)
    number, ext = int(found["id"]), found["ext"]
    if ext != _original_ext(number, found["size"]):
        return Answer(status=404)
    picture = _picture(number, _SIZES[found["size"]], ext)
    kind = "image/png" if ext == "png" else "image/jpeg"
    return Answer(status=200, body=picture, headers={"Content-Type": kind})


def draw_cover(number: int) -> None:
    """Draw ahead the two sizes that are asked for, for who measures what a client takes."""
    for size in ("original", "t500x500"):
        _picture(number, _SIZES[size], _original_ext(number, size))


def _original_ext(number: int, size: str) -> str:
    return "png" if size == "original" and number % 4 == 0 else "jpg"


@functools.lru_cache(maxsize=128)
def _picture(number: int, size: int, ext: str) -> bytes:
    pixels = _pixels(number, size)
    return _png(pixels) if ext == "png" else _jpeg(pixels)


def _pixels(number: int, size: int) -> npt.NDArray[np.uint8]:
    """A gradient between two colours with a disc on it, shape (size, size, 3)."""
    dice = random.Random(f"artwork/{number}")
    one, two, disc = (np.array([dice.randrange(256) for _ in range(3)]) for _ in range(3))
    ramp = np.linspace(0, 1, size)
    picture = one * (1 - ramp)[:, None, None] + two * ramp[None, :, None] * ramp[:, None, None]
    across, down = np.meshgrid(ramp, ramp)
    inside = (across - dice.uniform(0.3, 0.7)) ** 2 + (down - dice.uniform(0.3, 0.7)) ** 2
    picture[inside < dice.uniform(0.02, 0.08)] = disc
    return picture.clip(0, 255).astype(np.uint8)


def _jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    context = av.CodecContext.create("mjpeg", "w")
    assert isinstance(context, av.VideoCodecContext)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format="yuvj420p", dst_color_range="JPEG"
    )
    context.width, context.height = frame.width, frame.height
    context.pix_fmt = "yuvj420p"
    context.time_base = Fraction(1, 25)
    packets = [*context.encode(frame), *context.encode(None)]
    return bytes(packets[0])


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
