"""Where an item's file comes from: a path, or bytes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

_UNFINISHED = frozenset({"part", "crdownload", "download"})


class ImportRefused(Exception):
    """Eagle takes the call but not the file; the item never appears."""


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file of this machine, copied. `as_ext` overrules its extension."""

    path: Path
    as_ext: str | None = None

    @property
    def ext(self) -> str:
        """The extension the item gets, lower case, without a dot."""
        return self.as_ext if self.as_ext is not None else self.path.suffix[1:].lower()

    def place(self, target: Path) -> str:
        """Put the file at `target` and return its extension. Raises ImportRefused, OSError."""
        if self.ext in _UNFINISHED:
            raise ImportRefused(f"{self.path.name} is an unfinished download.")
        if not self.path.is_file():
            raise ImportRefused(f"{self.path.name} is no file.")
        if self.ext != "txt" and self.path.stat().st_size == 0:
            raise ImportRefused(f"{self.path.name} is empty.")
        shutil.copy2(self.path, target)
        return self.ext


@dataclass(frozen=True, slots=True)
class BytesSource:
    """A file given as its bytes."""

    data: bytes
    ext: str

    def place(self, target: Path) -> str:
        """Write the bytes to `target` and return their extension. Raises ImportRefused."""
        if not self.data:
            raise ImportRefused("The data is empty.")
        target.write_bytes(self.data)
        return self.ext


Source = PathSource | BytesSource
