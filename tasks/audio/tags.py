"""Tags in finished WAV and AIFF files: chunks behind the samples, which are never touched."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from mutagen import MutagenError

from tasks.audio.chunks import Chunk, Layout, read_layout
from tasks.audio.headers import AIFF, WAV, Container
from tasks.audio.id3 import Tags, id3_bytes, id3_tags, image_type, info_bytes, info_tags
from tasks.audio.proof import pcm_sha256
from tasks.disk.refusals import file_error, unreadable
from tasks.errors import MetadataError

__all__ = ["Tags", "image_type", "read_tags", "tag_chunks", "write_tags"]

_ID3_NAMES = (b"id3 ", b"ID3 ")
_FILLER = {WAV.name: b"JUNK", AIFF.name: b"FLLR"}


def tag_chunks(tags: Tags, container: Container, existing_id3: bytes = b"") -> bytes:
    """The chunks to stand behind the samples: ID3 in both formats, and INFO in a WAV.

    Raises: MetadataError.
    """
    try:
        id3 = id3_bytes(tags, existing_id3)
    except (MutagenError, ValueError, TypeError) as error:
        raise MetadataError(f"The tags cannot be written as ID3: {error}.") from error
    if container is AIFF:
        return _chunk(AIFF, b"ID3 ", id3)
    return _chunk(WAV, b"LIST", info_bytes(tags)) + _chunk(WAV, b"id3 ", id3)


def write_tags(wav: Path, aiff: Path, tags: Tags, *, pcm_sha256: str | None = None) -> None:
    """Tag both files in place; their samples are the same afterwards, proven by hash.

    Give the `pcm_sha256` of the recording if it is known: otherwise it is taken before. A file
    that has our fields gets the new ones; frames of other programs stay. Not for files a DJ
    program has open (docs/facts/audio.md, "Tags").
    Raises: MetadataError if a file cannot be tagged; FileError if the disk refuses.
    """
    for path, container in ((wav, WAV), (aiff, AIFF)):
        try:
            with path.open("r+b") as file:
                _tag(file, path, container, tags, pcm_sha256)
        except OSError as error:
            raise file_error(error, path) from error


def read_tags(path: Path) -> Tags:
    """The tags of a WAV (ID3, or else INFO) or AIFF file; empty ones if it has none.

    Raises: MetadataError if it is neither; FileError if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            layout = read_layout(file)
            if layout is None:
                raise MetadataError(f"{path} is neither WAV nor AIFF; its tags were not read.")
            return _read(file, layout)
    except OSError as error:
        raise unreadable(error, path) from error


def _read(file: BinaryIO, layout: Layout) -> Tags:
    tags = None
    with suppress(MutagenError):
        tags = id3_tags(_existing_id3(file, layout))
    if tags is not None:
        return tags
    info = next((chunk for chunk in layout.chunks if _is_info(file, chunk)), None)
    return info_tags(_payload(file, info)) if info else Tags()


def _tag(
    file: BinaryIO, path: Path, container: Container, tags: Tags, expected: str | None
) -> None:
    layout = read_layout(file)
    if layout is None or layout.container is not container or not _is_taggable(layout):
        raise MetadataError(f"{path} is no whole {container.name} file; it was not tagged.")
    if expected is None:
        expected = pcm_sha256(file, layout)
    _replace_chunks(file, layout, container, tags)
    after = read_layout(file)
    if after is None or pcm_sha256(file, after) != expected:
        raise MetadataError(f"{path} holds other audio after it was tagged.")


def _is_taggable(layout: Layout) -> bool:
    return layout.is_complete and layout.is_plain


def _replace_chunks(file: BinaryIO, layout: Layout, container: Container, tags: Tags) -> None:
    behind = layout.start + layout.size
    new = tag_chunks(tags, container, _existing_id3(file, layout))
    kept = b""
    for chunk in layout.chunks:
        if chunk.start > behind and not _is_tag(file, chunk):
            kept += _chunk(container, chunk.name, _payload(file, chunk))
        elif chunk.start < layout.start and _is_tag(file, chunk):
            file.seek(chunk.start - 8)
            file.write(_FILLER[container.name])
    file.seek(behind)
    file.write(b"\0" * (behind % 2) + kept + new)
    file.truncate()
    end = file.tell()
    file.seek(4)
    file.write(struct.pack(f"{container.order}L", end - 8))
    file.flush()


def _existing_id3(file: BinaryIO, layout: Layout) -> bytes:
    chunk = next((chunk for chunk in layout.chunks if chunk.name in _ID3_NAMES), None)
    return _payload(file, chunk) if chunk else b""


def _is_tag(file: BinaryIO, chunk: Chunk) -> bool:
    return chunk.name in _ID3_NAMES or _is_info(file, chunk)


def _is_info(file: BinaryIO, chunk: Chunk) -> bool:
    if chunk.name != b"LIST":
        return False
    file.seek(chunk.start)
    return file.read(4) == b"INFO"


def _payload(file: BinaryIO, chunk: Chunk) -> bytes:
    file.seek(chunk.start)
    return file.read(chunk.size)


def _chunk(container: Container, name: bytes, payload: bytes) -> bytes:
    if not payload:
        return b""
    head = struct.pack(f"{container.order}4sL", name, len(payload))
    return head + payload + b"\0" * (len(payload) % 2)
