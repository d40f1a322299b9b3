"""Interleaved PCM as bytes: packed, its byte order turned, read back to prove a written file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import xxhash
from numpy.typing import NDArray

from tasks.audio.chunks import Layout, read_layout
from tasks.audio.recording import Pcm
from tasks.errors import ConversionError

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
    return _columns(raw.reshape(-1, 4), range(4 - sample_bytes, 4))


def swapped(raw: Bytes, sample_bytes: int) -> Bytes:
    """The same samples in the other byte order; `raw` holds whole samples of 2, 3 or 4 bytes."""
    if sample_bytes == 3:
        return _columns(raw.reshape(-1, 3), (2, 1, 0))
    words = raw.view(f"<u{sample_bytes}")
    return words.astype(f">u{sample_bytes}").view(np.uint8)


def _columns(rows: Bytes, chosen: Sequence[int]) -> Bytes:
    """Those columns of `rows`, one after the other: numpy is slow at three bytes a row."""
    made = np.empty((len(rows), len(chosen)), dtype=np.uint8)
    for place, column in enumerate(chosen):
        made[:, place] = rows[:, column]
    return made.reshape(-1)


def is_audible(samples: Samples) -> bool:
    """True if the samples move more than the noise an encoder makes of silence.

    One that stands at a value other than 0 is not heard either.
    """
    full_scale = -float(np.iinfo(samples.dtype).min)
    return int(samples.max()) - int(samples.min()) > 2 * _QUIETEST * full_scale


def pcm_blocks(file: BinaryIO, layout: Layout) -> Iterator[Bytes]:
    """The samples of plain PCM as little-endian bytes, a batch at a time."""
    for block in _blocks(file, layout):
        yield block if layout.order == "<" else swapped(block, layout.pcm.sample_bytes)


def _blocks(file: BinaryIO, layout: Layout) -> Iterator[Bytes]:
    """The samples as they stand in the file."""
    file.seek(layout.start)
    left = layout.samples * layout.pcm.frame_bytes
    buffer = np.empty(BATCH_SAMPLES * layout.pcm.frame_bytes, dtype=np.uint8)
    while left:
        wanted = buffer[: min(left, len(buffer))]
        read = file.readinto(wanted.data)  # type: ignore[attr-defined]  # every open() has it
        block = wanted[: read - read % layout.pcm.frame_bytes]
        if not len(block):
            return
        yield block
        left -= len(block)


def pcm_sha256(file: BinaryIO, layout: Layout) -> str:
    """The PCM's hash as in `Recording.pcm_sha256`; `layout` is plain integer PCM."""
    digest = hashlib.sha256()
    for block in pcm_blocks(file, layout):
        digest.update(block.data)
    return digest.hexdigest()


def checksum() -> xxhash.xxh3_128:
    """Of samples as they are written into one file, for `prove`: 128 bits wide."""
    return xxhash.xxh3_128()


def prove(paths: Sequence[Path], pcm: Pcm, samples: int, checks: Sequence[bytes]) -> None:
    """Return if each file holds the samples of its checksum, and says so in its header.

    Raises: ConversionError if a file differs; OSError if one cannot be read.
    """
    for path, check in zip(paths, checks, strict=True):
        found = checksum()
        with path.open("rb") as file:
            for block in _blocks(file, _expected_layout(file, pcm, samples)):
                found.update(block.data)
        if found.digest() != check:
            raise _differs()


def _expected_layout(file: BinaryIO, pcm: Pcm, samples: int) -> Layout:
    layout = read_layout(file)
    if layout is None or not layout.is_plain or (layout.pcm, layout.samples) != (pcm, samples):
        raise _differs()
    return layout


def _differs() -> ConversionError:
    return ConversionError(
        "A written file, read back, does not hold the decoded audio.",
        remedy="Check the disk of OUT_DIR and the memory of this machine, then run again.",
    )
