"""Reading written files back: does the disk hold the PCM that was decoded?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tasks.audio.chunks import Layout, read_layout
from tasks.audio.pcm import BATCH_SAMPLES, Bytes, swapped
from tasks.audio.recording import Pcm
from tasks.errors import ConversionError

_NOTHING: Bytes = np.empty(0, dtype=np.uint8)


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


def prove(paths: list[Path], pcm: Pcm, samples: int, sha256: str) -> None:
    """Return if every file holds exactly this PCM.

    The first is hashed and the others compared with it byte for byte, which proves the same in
    half the time.
    Raises: ConversionError if a file differs; OSError if one cannot be read.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("rb")) for path in paths]
        layouts = [_expected_layout(file, pcm, samples) for file in files]
        digest = hashlib.sha256()
        streams = [pcm_blocks(file, layout) for file, layout in zip(files, layouts, strict=True)]
        for first, *others in zip_longest(*streams, fillvalue=_NOTHING):
            digest.update(first.data)
            if not all(np.array_equal(first, other) for other in others):
                raise _differs()
    if digest.hexdigest() != sha256:
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
