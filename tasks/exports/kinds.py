"""What can be made of the library."""

from __future__ import annotations

from enum import StrEnum


class ExportKind(StrEnum):
    """A kind of export, by the word that asks for it."""

    M3U = "m3u"
    REKORDBOX = "rekordbox"
