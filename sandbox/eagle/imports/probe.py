"""What Eagle learns from a file it imports: kind, size of the picture, duration.

Only headers are read, never the whole file. Source: docs/facts/eagle.md, "Records".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import mutagen

PREVIEWED_AUDIO = frozenset({"mp3", "wav", "ogg", "flac", "aac", "m4a"})
ICON_ONLY_AUDIO = frozenset({"aiff", "aif", "wma", "opus", "mid", "ape"})
AUDIO_PICTURE = (280, 140)
_IMAGES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp"})
_UNKNOWN_SIZE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Media:
    """A file's picture size in pixels and duration in seconds, where Eagle knows them."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None


def probe(path: Path, ext: str) -> Media:
    """What Eagle would find in `path`; an empty Media for what it cannot read or preview."""
    if ext in PREVIEWED_AUDIO:
        return Media(*AUDIO_PICTURE, _duration(path, ext))
    if ext in ICON_ONLY_AUDIO:
        return Media(duration=_duration(path, ext))
    if ext in _IMAGES:
        return _picture(path)
    return Media()


def _duration(path: Path, ext: str) -> float | None:
    try:
        if ext == "wav":
            with path.open("rb") as file:
                return _wav_duration(file)
        if ext in {"aiff", "aif"}:
            with path.open("rb") as file:
                return _aiff_duration(file)
        known = mutagen.File(path)
    except (OSError, ValueError, struct.error, ZeroDivisionError, mutagen.MutagenError):
        return None
    return None if known is None else float(known.info.length)


def _wav_duration(file: BinaryIO) -> float | None:
    kind, _, form = struct.unpack("<4sI4s", file.read(12))
    if kind not in {b"RIFF", b"RF64"} or form != b"WAVE":
        return None
    byte_rate, long_size = 0, 0
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"ds64":
            body = file.read(size)
            long_size = struct.unpack_from("<Q", body, 8)[0]
            continue
        if name == b"fmt ":
            body = file.read(size)
            byte_rate = struct.unpack_from("<I", body, 8)[0]
            continue
        if name == b"data":
            return _data_size(file, size, long_size) / byte_rate
        file.seek(size + (size & 1), 1)
    return None


def _data_size(file: BinaryIO, size: int, long_size: int) -> int:
    if size == _UNKNOWN_SIZE and long_size:
        return long_size
    start = file.tell()
    rest = file.seek(0, 2) - start
    return rest if size == _UNKNOWN_SIZE else min(size, rest)


def _aiff_duration(file: BinaryIO) -> float | None:
    kind, _, form = struct.unpack(">4sI4s", file.read(12))
    if kind != b"FORM" or form not in {b"AIFF", b"AIFC"}:
        return None
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack(">4sI", head)
        if name == b"COMM":
            frames, exponent, mantissa = struct.unpack(">2xI2xHQ", file.read(18))
            rate = mantissa * 2.0 ** (exponent - 16383 - 63)
            return float(frames / rate)
        file.seek(size + (size & 1), 1)
    return None


def _picture(path: Path) -> Media:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            return Media(stream.width, stream.height)
    except (OSError, IndexError, av.FFmpegError):
        return Media()
