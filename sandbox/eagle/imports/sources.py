"""Where an item's file comes from: a path, bytes, a URL, or a bookmark made up on the spot."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx

_UNFINISHED = frozenset({"part", "crdownload", "download"})
_LARGEST_DOWNLOAD = 200_000_000
_NEARBY = frozenset({"127.0.0.1", "localhost", "::1"})


class ImportRefused(Exception):
    """Eagle takes the call but not the file; the item never appears."""


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file of this machine, copied; with `cut` moved. `as_ext` overrules its extension."""

    path: Path
    cut: bool = False
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
        if self.cut:
            shutil.move(self.path, target)
        else:
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

    @classmethod
    def from_base64(cls, text: str) -> BytesSource:
        """From a `data:` URL or bare base64 (then a PNG). Raises ImportRefused."""
        head, comma, body = text.partition(",")
        kind = head.removeprefix("data:").partition(";")[0] if comma else "image/png"
        try:
            data = base64.b64decode(unquote(body) if comma else text, validate=True)
        except binascii.Error as error:
            raise ImportRefused("The data is not base64.") from error
        return cls(data, _ext_of_type(kind))


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file behind a URL. Fetched from this machine only; `data:` URLs are decoded."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def place(self, target: Path) -> str:
        """Fetch the file to `target` and return its extension. Raises ImportRefused."""
        if self.url.startswith("data:"):
            return BytesSource.from_base64(self.url).place(target)
        try:
            parts = urlsplit(self.url)
            if parts.scheme not in {"http", "https"} or parts.hostname not in _NEARBY:
                raise ImportRefused("The stand-in fetches from 127.0.0.1 only.")
            kind = self._fetch(target)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ImportRefused(f"The download failed: {error}") from error
        if target.stat().st_size == 0:
            raise ImportRefused("The download is empty.")
        return PurePosixPath(parts.path).suffix[1:].lower() or _ext_of_type(kind)

    def _fetch(self, target: Path) -> str:
        with (
            httpx.Client(trust_env=False, timeout=10) as client,
            client.stream("GET", self.url, headers=self.headers) as response,
            target.open("wb") as out,
        ):
            response.raise_for_status()
            for chunk in response.iter_bytes():
                out.write(chunk)
                if out.tell() > _LARGEST_DOWNLOAD:
                    raise ImportRefused("The download is too large for the stand-in.")
            return str(response.headers.get("content-type", "")).partition(";")[0]


@dataclass(frozen=True, slots=True)
class BookmarkSource:
    """A link, kept as an Internet shortcut, with a picture where the caller sent one."""

    url: str
    picture: BytesSource | None = None

    def place(self, target: Path) -> str:
        """Write the shortcut to `target`; the extension is `url`."""
        target.write_text(f"[InternetShortcut]\r\nURL={self.url}\r\n", newline="")
        return "url"


Source = PathSource | BytesSource | UrlSource | BookmarkSource


def _ext_of_type(kind: str) -> str:
    guessed = mimetypes.guess_extension(kind) or ""
    return {".jpe": "jpg", ".jpeg": "jpg"}.get(guessed, guessed[1:])
