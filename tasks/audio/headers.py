"""Headers of WAV and AIFF as DJ software reads them.

ffmpeg writes WAVE_FORMAT_EXTENSIBLE for 24 bits or more than 48 kHz, which rekordbox and CDJs
refuse (E-8305: "expect 1"); these headers always say WAVE_FORMAT_PCM (docs/facts/audio.md,
"WAV and AIFF"). Sizes are 32 bits: `MAX_DATA_BYTES` is what fits with room for tags.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tasks.audio.recording import Pcm

MAX_DATA_BYTES = 0xFFFF_FFFF - 64 * 1024 * 1024
_PCM_TAG = 1
_EXPONENT_BIAS = 16383


@dataclass(frozen=True)
class Container:
    """A file format: the size of its header, its byte order for `struct`, and its header.

    `header(pcm, data_bytes, file_bytes)` is what stands before the samples; `file_bytes` is the
    whole file's size, tags included.
    """

    name: str
    header_bytes: int
    order: str
    header: Callable[[Pcm, int, int], bytes]


def _wav_header(pcm: Pcm, data_bytes: int, file_bytes: int) -> bytes:
    byte_rate = pcm.sample_rate * pcm.frame_bytes
    return (
        struct.pack("<4sL4s", b"RIFF", file_bytes - 8, b"WAVE")
        + struct.pack("<4sLHHLL", b"fmt ", 16, _PCM_TAG, pcm.channels, pcm.sample_rate, byte_rate)
        + struct.pack("<HH4sL", pcm.frame_bytes, pcm.bit_depth, b"data", data_bytes)
    )


def _aiff_header(pcm: Pcm, data_bytes: int, file_bytes: int) -> bytes:
    frames = data_bytes // pcm.frame_bytes
    return (
        struct.pack(">4sL4s", b"FORM", file_bytes - 8, b"AIFF")
        + struct.pack(">4sLhLh", b"COMM", 18, pcm.channels, frames, pcm.bit_depth)
        + _extended_float(pcm.sample_rate)
        + struct.pack(">4sLLL", b"SSND", data_bytes + 8, 0, 0)
    )


def _extended_float(number: int) -> bytes:  # AIFF keeps its sample rate in 80 bits
    exponent = number.bit_length() - 1
    return struct.pack(">HQ", exponent + _EXPONENT_BIAS, number << (63 - exponent))


def from_extended_float(raw: bytes) -> float:
    """The value of a positive 80-bit float; 0.0 for what is no number above zero."""
    exponent, mantissa = struct.unpack(">HQ", raw)
    power = exponent - _EXPONENT_BIAS - 63
    return math.ldexp(mantissa, power) if -1000 < power < 900 else 0.0


WAV = Container("WAV", 44, "<", _wav_header)
AIFF = Container("AIFF", 54, ">", _aiff_header)
