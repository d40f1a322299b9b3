"""Interleaved PCM as bytes: packing decoded samples, and turning the byte order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Samples = NDArray[np.int16] | NDArray[np.int32]

BATCH_SAMPLES = 131_072
"""Samples handled at a time: above about 100,000 Python's share of the work vanishes."""

_QUIETEST = 2 / 32_768
"""Peak of what still counts as silence: an encoder's noise in an empty recording (-84 dBFS)."""


def packed(samples: Samples, sample_bytes: int) -> Bytes:
    """Interleaved samples as little-endian bytes; 24 bits are the upper three of an int32."""
    little = samples.astype(samples.dtype.newbyteorder("<"), copy=False)
    raw: Bytes = little.view(np.uint8)
    if sample_bytes == little.dtype.itemsize:
        return raw
    return np.ascontiguousarray(raw.reshape(-1, 4)[:, 4 - sample_bytes :]).reshape(-1)


def swapped(raw: Bytes, sample_bytes: int) -> Bytes:
    """The same samples in the other byte order; `raw` holds whole samples of 2, 3 or 4 bytes."""
    if sample_bytes == 3:
        return np.ascontiguousarray(raw.reshape(-1, 3)[:, ::-1]).reshape(-1)
    words = raw.view(np.uint16 if sample_bytes == 2 else np.uint32)
    return words.byteswap().view(np.uint8)


def is_audible(samples: Samples) -> bool:
    """True if the samples move more than the noise an encoder makes of silence.

    One that stands at a value other than 0 is not heard either.
    """
    full_scale = -float(np.iinfo(samples.dtype).min)
    return int(samples.max()) - int(samples.min()) > 2 * _QUIETEST * full_scale
