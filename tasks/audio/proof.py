"""Reading written files back: does the disk hold the PCM that was decoded?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import xxhash

from tasks.audio.chunks import Layout, read_layout
from tasks.audio.pcm import BATCH_SAMPLES, Bytes, swapped
from tasks.audio.recording import Pcm
from tasks.errors import ConversionError


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
