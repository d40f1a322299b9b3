"""Why a file cannot be decoded, as an error of ours.

What the network can have broken is an `IncompleteRecording`, which another attempt may cure; what
no attempt can cure is a `ConversionError`.
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from tasks.disk.refusals import unreadable
from tasks.errors import ConversionError, FileError, IncompleteRecording, SyncError
from tasks.shown_text import counted

_BIG_ENDIAN_WAV = b"RIFX"
_AUDIO_MAGIC = (
    b"ID3",
    b"fLaC",
    b"OggS",
    b"RIFF",
    b"FORM",
    b"\x1aE\xdf\xa3",
    b"\xff\xfb",
    b"\xff\xf1",
)
_SMALLEST_FILE = 512
_NO_WORDS = ("Error number ", "Not yet implemented")
_NOT_SUPPORTED = "a coding that libav does not read"


def reason_of(error: Exception) -> str:
    """libav's words; for a number that it has no words for, or its plea to programmers, ours."""
    words = getattr(error, "strerror", None) or str(error) or "unreadable"
    return _NOT_SUPPORTED if any(mark in words for mark in _NO_WORDS) else words


def refuse_big_endian(path: Path) -> None:
    """libav takes the samples of such a WAV for little-endian ones, which makes noise of them."""
    if _head_and_size(path)[0].startswith(_BIG_ENDIAN_WAV):
        raise ConversionError(
            f"{path.name} is a WAV of big-endian samples (RIFX), which no player takes."
        )


def _head_and_size(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            return file.read(512), file.seek(0, os.SEEK_END)
    except OSError as error:
        raise unreadable(error, path) from error


def undecodable(path: Path, reason: str) -> SyncError:
    """Why nothing could be decoded: an `IncompleteRecording` or a `ConversionError`."""
    try:
        head, size = _head_and_size(path)
    except FileError as error:
        return error
    if size < _SMALLEST_FILE:
        what = counted(size, "byte")
        return IncompleteRecording(f"The download is {what}, too few to be a recording.")
    if _is_text(head):
        return IncompleteRecording("What arrived is a page of text, not audio.")
    if head.startswith(_AUDIO_MAGIC) or head[4:8] in (b"ftyp", b"styp", b"moov"):
        return IncompleteRecording(f"The download is cut short or damaged ({reason}).")
    return ConversionError(f"What arrived is not audio in a known format ({reason}).")


def _is_text(head: bytes) -> bool:
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if stripped.startswith((b"<", b"{", b"[", b"#EXT")):
        return True
    has_control = any(byte < 9 or 13 < byte < 32 for byte in head)
    return not has_control and _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    """True for text in UTF-8, whose last character may be cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
