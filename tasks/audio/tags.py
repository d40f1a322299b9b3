"""What a track's tags say, and the same as chunks behind the samples of a WAV or AIFF: ID3v2.3, and
RIFF INFO. Nothing is invented: an empty field writes no frame (docs/facts/audio.md, "Tags").
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from urllib.parse import quote

from mutagen import MutagenError
from mutagen.id3 import (
    APIC,
    COMM,
    ID3,
    TALB,
    TBPM,
    TCON,
    TIT2,
    TKEY,
    TPE1,
    TXXX,
    WOAS,
    Encoding,
    Frame,
    PictureType,
)

from tasks.audio.headers import AIFF, WAV, Container
from tasks.errors import MetadataError

_ID_FRAME = "SOUNDCLOUD_ID"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_KEY = re.compile(r"([A-Ga-g])\s*([#b]?)\s*(major|minor|maj|min|m|)")
_INFO_FIELDS = {
    b"INAM": "title",
    b"IART": "artist",
    b"IPRD": "album",
    b"IGNR": "genre",
    b"ICMT": "comment",
}


@dataclass(frozen=True, kw_only=True)
class Tags:
    """A track's tags; empty or None is "not known". `bpm` in beats a minute, `artwork` the bytes
    of a JPEG or PNG (anything else is left out: see `image_type`)."""

    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    comment: str = ""
    source_url: str = ""
    soundcloud_id: str = ""
    bpm: float | None = None
    key: str = ""
    artwork: bytes | None = field(default=None, repr=False)


def image_type(data: bytes) -> str | None:
    """`image/jpeg` or `image/png`; None for anything DJ software does not show."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return None


def id3_bytes(tags: Tags) -> bytes:
    """An ID3v2.3 tag with the known fields; b"" if there is none."""
    frames = ID3()
    for frame in _frames(tags):
        frames.add(frame)
    if not frames:
        return b""
    file = io.BytesIO()
    frames.update_to_v23()
    frames.save(file, v2_version=3, padding=lambda _: 0)
    return file.getvalue()


def _frames(tags: Tags) -> list[Frame]:
    texts: dict[Callable[..., Frame], str] = {
        TIT2: tags.title,
        TPE1: tags.artist,
        TALB: tags.album,
        TCON: tags.genre,
    }
    texts |= {TBPM: _tempo(tags.bpm), TKEY: _initial_key(tags.key)}
    frames: list[Frame] = [
        frame(encoding=_encoding(clean), text=[clean])
        for frame, text in texts.items()
        if (clean := _clean(text))
    ]
    if comment := _clean(tags.comment):
        frames.append(COMM(encoding=_encoding(comment), lang="eng", desc="", text=[comment]))
    if track_id := _clean(tags.soundcloud_id):
        frames.append(TXXX(encoding=Encoding.LATIN1, desc=_ID_FRAME, text=[track_id]))
    if url := _clean(tags.source_url):
        frames.append(WOAS(url=quote(url, safe=":/?#[]@!$&'()*+,;=%~")))
    if tags.artwork and (mime := image_type(tags.artwork)):
        cover = PictureType.COVER_FRONT
        frames.append(
            APIC(encoding=Encoding.LATIN1, mime=mime, type=cover, desc="", data=tags.artwork)
        )
    return frames


def info_bytes(tags: Tags) -> bytes:
    """The payload of a RIFF LIST chunk of type INFO, in UTF-8; b"" if there is nothing to say."""
    entries = b"".join(
        _info_entry(name, clean)
        for name, attribute in _INFO_FIELDS.items()
        if (clean := _clean(getattr(tags, attribute)))
    )
    return b"INFO" + entries if entries else b""


def _info_entry(name: bytes, text: str) -> bytes:
    raw = text.encode() + b"\0"
    return struct.pack("<4sL", name, len(raw)) + raw + b"\0" * (len(raw) % 2)


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _encoding(text: str) -> int:
    return int(Encoding.LATIN1 if text.isascii() else Encoding.UTF16)


def _tempo(bpm: float | None) -> str:
    return f"{round(bpm, 2):g}" if bpm is not None and isfinite(bpm) and bpm > 0 else ""


def _initial_key(key: str) -> str:
    """`A minor` as ID3's `Am`; a key in any other notation (`8A`) as it is."""
    plain = key.strip().replace("♯", "#").replace("♭", "b")
    match = _KEY.fullmatch(plain)
    if not match:
        return plain
    note, accidental, mode = match.groups()
    return note.upper() + accidental + ("m" if mode in ("m", "min", "minor") else "")


def tag_chunks(tags: Tags, container: Container) -> bytes:
    """The chunks to stand behind the samples: ID3 in both formats, and INFO in a WAV.

    Raises: MetadataError.
    """
    try:
        id3 = id3_bytes(tags)
    except (MutagenError, ValueError, TypeError) as error:
        raise MetadataError(f"The tags cannot be written as ID3: {error}.") from error
    if container is AIFF:
        return _chunk(AIFF, b"ID3 ", id3)
    return _chunk(WAV, b"LIST", info_bytes(tags)) + _chunk(WAV, b"id3 ", id3)


def _chunk(container: Container, name: bytes, payload: bytes) -> bytes:
    if not payload:
        return b""
    head = struct.pack(f"{container.order}4sL", name, len(payload))
    return head + payload + b"\0" * (len(payload) % 2)
