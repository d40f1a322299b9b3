"""Tags in finished WAV and AIFF files: chunks behind the samples."""

from __future__ import annotations

import struct

from mutagen import MutagenError

from tasks.audio.headers import AIFF, WAV, Container
from tasks.audio.id3 import Tags, id3_bytes, info_bytes
from tasks.errors import MetadataError


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
