"""Where the samples are inside a WAV, AIFF or AIFC file."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tasks.audio.headers import AIFF, WAV, Container, from_extended_float
from tasks.audio.recording import Pcm
from tasks.disk.refusals import unreadable
from tasks.errors import ConversionError

_FLOAT_TAG, _PCM_TAG, _EXTENSIBLE_TAG = 3, 1, 0xFFFE
_OPEN_ENDED = (0, 0xFFFF_FFFF)
_MOST_CHUNKS = 1_000
"""Real files have a few; one of nothing but empty chunks would take half a minute to walk."""


class Sampling(StrEnum):
    """How the samples are kept."""

    INTEGER = "integer"
    FLOAT = "float"
    OTHER = "other"


@dataclass(frozen=True)
class Chunk:
    """One chunk: its four letters, where its payload begins, and its size as announced."""

    name: bytes
    start: int
    size: int

    @property
    def end(self) -> int:
        """Where the next chunk begins (chunks are padded to even sizes)."""
        return self.start + self.size + self.size % 2


@dataclass(frozen=True)
class Layout:
    """What was read of a file (an AIFC counts as AIFF).

    `size` bytes of samples are there from `start` on, the header announced `announced_size`;
    `order` is their byte order, `<` or `>`.
    """

    container: Container
    pcm: Pcm
    sampling: Sampling
    order: str
    start: int
    size: int
    announced_size: int

    @property
    def samples(self) -> int:
        """Whole samples (per channel) that are there."""
        return self.size // self.pcm.frame_bytes

    @property
    def seconds(self) -> float:
        """How long they last."""
        return self.samples / self.pcm.sample_rate

    @property
    def is_complete(self) -> bool:
        """False if the file ends before its samples do."""
        return self.size >= self.announced_size

    @property
    def is_plain(self) -> bool:
        """True for integer PCM of 16, 24 or 32 bits, which is hashed and copied as it is."""
        return self.sampling is Sampling.INTEGER and self.pcm.bit_depth in (16, 24, 32)


def layout_of(path: Path) -> Layout | None:
    """As `read_layout` has it, of the file at `path`. Raises FileError, ConversionError."""
    try:
        with path.open("rb") as file:
            return read_layout(file)
    except OSError as error:
        raise unreadable(error, path) from error


def read_layout(file: BinaryIO) -> Layout | None:
    """The layout of a WAV, AIFF or AIFC file; None for anything else, or with no samples.

    Raises: ConversionError for more chunks than any program writes.
    """
    file_size = file.seek(0, os.SEEK_END)
    file.seek(0)
    form, _, kind = struct.unpack("<4sL4s", file.read(12).ljust(12, b"\0"))
    if (form, kind) == (b"RIFF", b"WAVE"):
        return _wav_layout(file, _chunks(file, "<", file_size), file_size)
    if form == b"FORM" and kind in (b"AIFF", b"AIFC"):
        return _aiff_layout(file, _chunks(file, ">", file_size), file_size)
    return None


def _chunks(file: BinaryIO, order: str, file_size: int) -> tuple[Chunk, ...]:
    found = tuple(islice(_walk(file, order, file_size), _MOST_CHUNKS + 1))
    if len(found) > _MOST_CHUNKS:
        raise ConversionError(f"The file has more than {_MOST_CHUNKS} chunks; it is no recording.")
    return found


def _walk(file: BinaryIO, order: str, file_size: int) -> Iterator[Chunk]:
    position = 12
    while position + 8 <= file_size:
        file.seek(position)
        name, size = struct.unpack(f"{order}4sL", file.read(8))
        if name == b"data" and size in _OPEN_ENDED and order == "<":
            size = file_size - position - 8  # written to a pipe: the samples go to the end
        chunk = Chunk(name, position + 8, size)
        yield chunk
        position = chunk.end


def _payload(file: BinaryIO, chunks: tuple[Chunk, ...], name: bytes, at_least: int) -> bytes:
    chunk = next((chunk for chunk in chunks if chunk.name == name), None)
    if chunk is None:
        return b""
    file.seek(chunk.start)
    raw = file.read(min(chunk.size, 64))
    return raw if len(raw) >= at_least else b""


def _wav_layout(file: BinaryIO, chunks: tuple[Chunk, ...], file_size: int) -> Layout | None:
    raw = _payload(file, chunks, b"fmt ", 16)
    data = next((chunk for chunk in chunks if chunk.name == b"data"), None)
    if not raw or data is None:
        return None
    tag, channels, rate, _, frame_bytes, bits = struct.unpack("<HHLLHH", raw[:16])
    if tag == _EXTENSIBLE_TAG and len(raw) >= 26:
        (tag,) = struct.unpack("<H", raw[24:26])
    sampling = {_PCM_TAG: Sampling.INTEGER, _FLOAT_TAG: Sampling.FLOAT}.get(tag, Sampling.OTHER)
    if not frame_bytes or not rate or frame_bytes * 8 != bits * channels:
        return None
    available = min(data.size, file_size - data.start)
    pcm = Pcm(rate, channels, bits)
    return Layout(WAV, pcm, sampling, "<", data.start, available, data.size)


def _aiff_layout(file: BinaryIO, chunks: tuple[Chunk, ...], file_size: int) -> Layout | None:
    raw = _payload(file, chunks, b"COMM", 18)
    sound = next((chunk for chunk in chunks if chunk.name == b"SSND"), None)
    if not raw or sound is None or sound.start + 8 > file_size:
        return None
    channels, frames, bits = struct.unpack(">hLh", raw[:8])
    rate = round(from_extended_float(raw[8:18]))
    if channels <= 0 or not rate or bits not in (16, 24, 32):
        return None
    compression = raw[18:22] or b"NONE"
    file.seek(sound.start)
    (offset,) = struct.unpack(">L", file.read(4))
    pcm, start = Pcm(rate, channels, bits), sound.start + 8 + offset
    announced = frames * pcm.frame_bytes
    available = max(0, min(announced, sound.start + sound.size - start, file_size - start))
    sampling, order = _aifc_coding(compression)
    return Layout(AIFF, pcm, sampling, order, start, available, announced)


def _aifc_coding(compression: bytes) -> tuple[Sampling, str]:
    match compression:
        case b"NONE" | b"twos" | b"in24" | b"in32":
            return Sampling.INTEGER, ">"
        case b"sowt":
            return Sampling.INTEGER, "<"
        case b"fl32" | b"FL32":
            return Sampling.FLOAT, ">"
    return Sampling.OTHER, ">"
