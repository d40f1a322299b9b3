"""Whole recordings in every container, and what bad networks, disks and taggers do to files.

Everything is drawn from a generator that the caller seeds, so that a damage can be made again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import soundfile
from numpy.random import Generator

from bench.samples import encode, music

_FRAGMENTS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "500000",
}
_TAGS = (
    b"ID3\x03\x00\x00\x00\x00\x08\x00" + bytes(1024),
    b"TAG" + b"x" * 125,
    b"APETAGEX\xd0\x07\x00\x00" + b"\x20\x00\x00\x00" + bytes(200),
    b"LYRICSBEGININD0000200" + b"la " * 80 + b"000261LYRICS200",
    b"<!DOCTYPE html><html>" + b"<p>Busy</p>" * 50,
)
_EXTREMES = (0, 1, 0x7F, 0x7FFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x0001_0000)
_ODD_FIELDS = (0, 1, 2, 3, 7, 12, 20, 24, 64, 0x55, 0xFF, 0x2000, 0x7FFF, 0x8000, 0xAC44, 0xFFFF)


@dataclass(frozen=True)
class Source:
    """A recording of `seconds`, encoded; `suffix` is its file's."""

    name: str
    suffix: str
    data: bytes
    seconds: float


def sources(folder: Path) -> list[Source]:
    """Some twenty of 2 to 3 s: every container that is read, mono and stereo, three rates."""
    return [
        _source(folder, "mp3", "libmp3lame", ".mp3"),
        _source(folder, "mp3 mono", "libmp3lame", ".mp3", channels=1),
        _source(folder, "mp3 48", "libmp3lame", ".mp3", rate=48_000),
        _source(folder, "mp3 plain", "libmp3lame", ".mp3", options={"write_xing": "0"}),
        _source(folder, "adts", "aac", ".aac"),
        _source(folder, "adts mono", "aac", ".aac", channels=1),
        _source(folder, "m4a", "aac", ".m4a"),
        _source(folder, "m4a first", "aac", ".m4a", options={"movflags": "faststart"}),
        _source(folder, "fragments", "aac", ".m4a", container="mp4", options=_FRAGMENTS),
        _source(folder, "alac", "alac", ".m4a"),
        _source(folder, "5.1", "aac", ".m4a", channels=6),
        _source(folder, "ts", "aac", ".ts"),
        _source(folder, "mka", "aac", ".mka"),
        _source(folder, "flac", "flac", ".flac"),
        _source(folder, "opus", "libopus", ".opus", rate=48_000),
        _vorbis(folder),
        _source(folder, "webm", "libopus", ".webm", rate=48_000),
        _source(folder, "wav", "pcm_s16le", ".wav"),
        _source(folder, "wav 24", "pcm_s24le", ".wav"),
        _source(folder, "wav float", "pcm_f32le", ".wav", rate=96_000),
        _source(folder, "aiff", "pcm_s16be", ".aiff"),
        _source(folder, "caf", "pcm_s16le", ".caf"),
        _source(folder, "w64", "pcm_s16le", ".w64"),
    ]


def damaged(source: Source, others: list[Source], random: Generator) -> tuple[str, bytes]:
    """The source after one to three damages, and their names."""
    data, names = source.data, []
    for _ in range(int(random.integers(1, 4))):
        damage = DAMAGES[int(random.integers(len(DAMAGES)))]
        data = damage(data, others[int(random.integers(len(others)))].data, random)
        names.append(damage.__name__)
    return " + ".join(names), data


def _source(  # noqa: PLR0913 - a recording has so many sides
    folder: Path,
    name: str,
    codec: str,
    suffix: str,
    *,
    channels: int = 2,
    rate: int = 44_100,
    container: str | None = None,
    options: dict[str, str] | None = None,
) -> Source:
    seconds = 2.0 if channels > 2 else 3.0
    sound = music(seconds, rate=rate, channels=channels)
    path = folder / f"{name.replace(' ', '-')}{suffix}"
    encode(path, sound, codec=codec, rate=rate, container=container, options=options)
    return Source(name, suffix, path.read_bytes(), seconds)


def _vorbis(folder: Path) -> Source:
    """PyAV brings no encoder for it."""
    path = folder / "vorbis.ogg"
    soundfile.write(path, music(3.0).T, 44_100, format="OGG", subtype="VORBIS")
    return Source("vorbis", ".ogg", path.read_bytes(), 3.0)


def _place(data: bytes, random: Generator) -> int:
    return int(random.integers(max(1, len(data))))


def one_bit(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Bad memory."""
    return _flipped(data, [_place(data, random)], random)


def bits_in_the_head(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Where headers stand."""
    return _flipped(data, [_place(data[:2048], random) for _ in range(6)], random)


def bits_in_the_tail(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Where an m4a's boxes stand."""
    start = max(0, len(data) - 4096)
    return _flipped(data, [start + _place(data[start:], random) for _ in range(6)], random)


def some_bytes(data: bytes, _other: bytes, random: Generator) -> bytes:
    """A bad disk."""
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 200))):
        if changed:
            changed[_place(data, random)] = int(random.integers(256))
    return bytes(changed)


def frame_headers(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Bits behind the marks that begin a frame of MP3 or AAC."""
    marks = [at for at in range(len(data) - 4) if data[at] == 0xFF and data[at + 1] >= 0xF0]
    if not marks:
        return one_bit(data, _other, random)
    chosen = [marks[_place(bytes(len(marks)), random)] + int(random.integers(1, 4))]
    return _flipped(data, chosen, random)


def cut_end(data: bytes, _other: bytes, random: Generator) -> bytes:
    """A download that broke off."""
    return data[: _place(data, random)]


def cut_start(data: bytes, _other: bytes, random: Generator) -> bytes:
    """One that was resumed wrongly."""
    return data[_place(data, random) :]


def cut_middle(data: bytes, _other: bytes, random: Generator) -> bytes:
    """A segment that is missing."""
    first, second = sorted((_place(data, random), _place(data, random)))
    return data[:first] + data[second:]


def zeros(data: bytes, _other: bytes, random: Generator) -> bytes:
    """A hole in a file, or padding behind it."""
    at, length = _place(data, random), int(random.integers(1, 20_000))
    return data[:at] + bytes(length) + data[at + length * int(random.integers(2)) :]


def joined(data: bytes, other: bytes, _random: Generator) -> bytes:
    """Two recordings, one behind the other."""
    return data + other


def doubled(data: bytes, _other: bytes, _random: Generator) -> bytes:
    """The same twice."""
    return data + data


def spliced(data: bytes, other: bytes, random: Generator) -> bytes:
    """A piece of another file inside."""
    at, start = _place(data, random), _place(other, random)
    return data[:at] + other[start : start + 4096] + data[at:]


def tagged(data: bytes, _other: bytes, random: Generator) -> bytes:
    """A tag before, behind, or inside."""
    tag = _TAGS[int(random.integers(len(_TAGS)))]
    at = (0, len(data), _place(data, random))[int(random.integers(3))]
    return data[:at] + tag + data[at:]


def extreme_numbers(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Sizes, counts and rates that nobody would write."""
    changed = bytearray(data)
    span = max(1, min(len(data), 4096))
    for _ in range(int(random.integers(1, 6))):
        at = int(random.integers(span))
        at = len(data) - span + at if random.integers(4) == 0 else at
        number = _EXTREMES[int(random.integers(len(_EXTREMES)))]
        order = "<L" if random.integers(2) else ">L"
        changed[at : at + 4] = struct.pack(order, number)[: len(changed[at : at + 4])]
    return bytes(changed)


def head_fields(data: bytes, _other: bytes, random: Generator) -> bytes:
    """A WAV's or AIFF's channels, rate, bits or coding as nobody would write them."""
    at = data.find(b"fmt ") if b"fmt " in data[:4096] else data.find(b"COMM", 0, 4096)
    if at < 0:
        return extreme_numbers(data, _other, random)
    changed = bytearray(data)
    order = "<H" if data.startswith(b"RIFF") else ">H"
    for _ in range(int(random.integers(1, 4))):
        field = at + 8 + 2 * int(random.integers(9))
        number = _ODD_FIELDS[int(random.integers(len(_ODD_FIELDS)))]
        changed[field : field + 2] = struct.pack(order, number)
    return bytes(changed)


def big_endian(data: bytes, _other: bytes, _random: Generator) -> bytes:
    """A WAV that says it is of the other byte order."""
    return b"RIFX" + data[4:] if data.startswith(b"RIFF") else data


def no_numbers(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Floats that are none."""
    changed = bytearray(data)
    for _ in range(int(random.integers(1, 50))):
        at = _place(data, random) // 4 * 4
        number = (float("nan"), float("inf"), -float("inf"))[int(random.integers(3))]
        changed[at : at + 4] = struct.pack("<f", number)[: len(changed[at : at + 4])]
    return bytes(changed)


def swapped_boxes(data: bytes, _other: bytes, random: Generator) -> bytes:
    """Boxes of an MP4, or pieces of anything else, in another order, some twice, some lost."""
    boxes = _boxes(data)
    order = random.integers(len(boxes), size=len(boxes))
    return b"".join(boxes[int(number)] for number in order)


def _boxes(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(">L", data, at)
        if not 8 <= size <= len(data) - at or not data[at + 4 : at + 8].isalnum():
            break
        found.append(data[at : at + size])
        at += size
    step = max(1, len(data) // 8)
    return found or [data[start : start + step] for start in range(0, len(data), step)] or [data]


def _flipped(data: bytes, places: list[int], random: Generator) -> bytes:
    changed = bytearray(data)
    for place in places:
        if place < len(changed):
            changed[place] ^= 1 << int(random.integers(8))
    return bytes(changed)


DAMAGES: tuple[Callable[[bytes, bytes, Generator], bytes], ...] = (
    one_bit,
    bits_in_the_head,
    bits_in_the_tail,
    some_bytes,
    frame_headers,
    cut_end,
    cut_start,
    cut_middle,
    zeros,
    joined,
    doubled,
    spliced,
    tagged,
    extreme_numbers,
    head_fields,
    big_endian,
    no_numbers,
    swapped_boxes,
)
