"""Bars encoded once, and tracks joined from them: fragmented MP4 with AAC, plain MP3 frames.

AAC frames overlap their neighbours only, and MP3 frames made without the bit reservoir are whole
in themselves; bars fade at both ends, so a joint is silent and joining is copying bytes.
"""

from __future__ import annotations

import functools
import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from sandbox.soundcloud.music import BAR, RATE, STEP, Samples, Score, bar_samples

SEGMENT_BARS = 5


@dataclass(frozen=True)
class Codec:
    """An encoder: `frame` samples a packet, the first of which is priming.

    `lead` samples of silence before a bar make the second packet decode to the bar's beginning.
    """

    name: str
    encoder: str
    bit_rate: int
    frame: int
    lead: int
    sample_format: str
    options: tuple[tuple[str, str], ...]


_FAST = (("aac_coder", "fast"),)
AAC = Codec("aac", "aac", 160_000, 1_024, 0, "fltp", _FAST)
AAC_HQ = Codec("aac_hq", "aac", 256_000, 1_024, 0, "fltp", _FAST)
# LAME and the decoder together delay by 1,105 samples: 47 short of a frame.
MP3 = Codec(
    "mp3",
    "libmp3lame",
    128_000,
    1_152,
    47,
    "s16p",
    (("reservoir", "0"), ("compression_level", "7")),
)


@dataclass(frozen=True)
class Segment:
    """One HLS segment: its bytes, and how many samples they decode to."""

    data: bytes
    samples: int


def segments_of(score: Score, codec: Codec) -> Iterator[Segment]:
    """The track in segments of five bars (10.4 s), the last one as long as what is left."""
    parts = list(_parts(score, codec))
    for number, start in enumerate(range(0, len(parts), SEGMENT_BARS)):
        packets = list(itertools.chain.from_iterable(parts[start : start + SEGMENT_BARS]))
        data = b"".join(packets)
        if codec is not MP3:
            begins = start * BAR
            data = _fragment(number + 1, begins, [len(packet) for packet in packets], data)
        yield Segment(data, len(packets) * codec.frame)


@functools.cache
def init_segment() -> bytes:
    """`ftyp` and `moov` of every AAC rendition: all are encoded alike."""
    out = io.BytesIO()
    flags = {"movflags": "empty_moov+default_base_moof+frag_custom"}
    with av.open(out, "w", format="mp4", options=flags) as container:
        stream = container.add_stream(AAC.encoder, rate=RATE, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = AAC.bit_rate
        container.start_encoding()
    whole = out.getvalue()
    return b"".join(box for kind, box in _boxes(whole) if kind in {b"ftyp", b"moov"})


def _parts(score: Score, codec: Codec) -> Iterator[tuple[bytes, ...]]:
    for place, name in enumerate(score.bars):
        packets = _encoded(name, codec)
        is_last = place == len(score.bars) - 1
        yield packets[: score.last_steps * STEP // codec.frame] if is_last else packets


@functools.lru_cache(maxsize=400)  # of 40 kB each: the palette, and the bars of many tracks
def _encoded(name: str, codec: Codec) -> tuple[bytes, ...]:
    return _encode(bar_samples(name), codec)


def _encode(samples: Samples, codec: Codec) -> tuple[bytes, ...]:
    """The packets that decode to one bar, priming left out."""
    context = av.CodecContext.create(codec.encoder, "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate = RATE
    context.layout = "stereo"
    context.format = codec.sample_format
    context.bit_rate = codec.bit_rate
    context.time_base = Fraction(1, RATE)
    context.options = dict(codec.options)
    packets = []
    for frame in _frames(samples, codec):
        packets += context.encode(frame)
    packets += context.encode(None)
    count = BAR // codec.frame
    return tuple(bytes(packet) for packet in packets[1 : 1 + count])


def _frames(samples: Samples, codec: Codec) -> Iterator[av.AudioFrame]:
    """The bar in frames, and three of silence, so that the encoder lets go of the bar's end."""
    before = np.zeros((codec.lead, 2), np.int16)
    after = np.zeros((3 * codec.frame - codec.lead, 2), np.int16)
    padded = np.concatenate([before, samples, after]).T
    planes = padded if codec.sample_format == "s16p" else padded.astype(np.float32) / 32_768
    for start in range(0, planes.shape[1], codec.frame):
        part = np.ascontiguousarray(planes[:, start : start + codec.frame])
        frame = av.AudioFrame.from_ndarray(part, format=codec.sample_format, layout="stereo")
        frame.sample_rate = RATE
        frame.pts = start
        yield frame


def _fragment(number: int, begins: int, sizes: list[int], data: bytes) -> bytes:
    """`moof` and `mdat` (ISO/IEC 14496-12, 8.8): every sample 1,024 long and a sync sample."""
    header = _full_box(b"mfhd", 0, 0, struct.pack(">I", number))
    track = _full_box(b"tfhd", 0, 0x020028, struct.pack(">III", 1, AAC.frame, 0x02000000))
    time = _full_box(b"tfdt", 1, 0, struct.pack(">Q", begins))
    table = struct.pack(f">{len(sizes)}I", *sizes)

    def moof(offset: int) -> bytes:
        run = _full_box(b"trun", 0, 0x000201, struct.pack(">Ii", len(sizes), offset) + table)
        return _box(b"moof", header + _box(b"traf", track + time + run))

    return moof(len(moof(0)) + 8) + _box(b"mdat", data)


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def _full_box(kind: bytes, version: int, flags: int, payload: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + payload)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place : place + size]
        place += size
