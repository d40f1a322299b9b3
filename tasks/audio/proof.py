"""Reading written files back: does the disk hold the PCM that was decoded?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
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
    file.seek(layout.start)
    left = layout.samples * layout.pcm.frame_bytes
    buffer = np.empty(BATCH_SAMPLES * layout.pcm.frame_bytes, dtype=np.uint8)
    while left:
        wanted = buffer[: min(left, len(buffer))]
        read = file.readinto(wanted.data)  # type: ignore[attr-defined]  # every open() has it
        block = wanted[: read - read % layout.pcm.frame_bytes]
        if not len(block):
            return
        yield block if layout.order == "<" else swapped(block, layout.pcm.sample_bytes)
        left -= len(block)


def pcm_sha256(file: BinaryIO, layout: Layout) -> str:
    """The PCM's hash as in `Recording.pcm_sha256`; `layout` is plain integer PCM."""
    digest = hashlib.sha256()
    for block in pcm_blocks(file, layout):
        digest.update(block.data)
    return digest.hexdigest()


def checksum() -> xxhash.xxh3_128:
    """Of PCM as it was decoded, for `prove`: made where it is written, and 128 bits wide."""
    return xxhash.xxh3_128()


def prove(paths: list[Path], pcm: Pcm, samples: int, check: bytes) -> None:
    """Return if every file holds exactly the PCM of the checksum `check`.

    Raises: ConversionError if a file differs; OSError if one cannot be read.
    """
    for path in paths:
        found = checksum()
        with path.open("rb") as file:
            for block in pcm_blocks(file, _expected_layout(file, pcm, samples)):
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
