"""A journal: a file of JSON lines that several processes of this machine append to.

Each line is one write and one entry, `v` its format. A line that was cut short by a crash, holds
other bytes, or was written by a later version, is left out; the others count.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tasks.disk.private import FILE_MODE, private_folder
from tasks.disk.refusals import file_error, unreadable
from tasks.disk.strict_json import parse_json
from tasks.disk.whole_files import NO_ENTRY, set_aside, write_whole
from tasks.errors import FileError
from tasks.shown_text import counted

_log = logging.getLogger("tasks.disk")

T = TypeVar("T")
Entry = Mapping[str, Any]

_FORMAT = 1
_APPENDING = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
_said: set[tuple[Path, str]] = set()


class Journal:
    """The journal at `path`, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_to = 0
        self.unread = 0

    def read(self, understand: Callable[[dict[str, Any]], T]) -> list[T]:
        """What `understand` makes of each entry, oldest first; it raises ValueError, KeyError or
        TypeError for what is none. `unread` counts the lines that were left out.

        A journal of which no line can be read is set aside. Raises FileError if the disk fails.
        """
        self.read_to = self.unread = 0
        found = self.read_on(understand)
        if self.unread and not found:
            set_aside(self.path, "no line of it is an entry")
        elif self.unread:
            _say_once(self.path, f"left out, as no entries: {counted(self.unread, 'line')}")
        return found

    def read_or_lose(self, understand: Callable[[dict[str, Any]], T], loss: str) -> list[T]:
        """The same; where the disk fails none, and a warning that ends with `loss`."""
        try:
            return self.read(understand)
        except FileError as error:
            _log.warning("%s %s", error, loss)
            return []

    def read_on(self, understand: Callable[[dict[str, Any]], T]) -> list[T]:
        """The entries appended since it was read last, by whomever. Raises FileError."""
        data = self._data_from(self.read_to)
        whole = data.rfind(b"\n") + 1
        lines = data[:whole].split(b"\n")
        tail = data[whole:]
        self.read_to += whole
        found = [entry for line in lines if (entry := self._entry(line, understand)) is not None]
        if tail and (last := _understood(tail, understand)) is not None:
            self.read_to += len(tail)
            found.append(last)
        return found

    def record(self, *entries: Entry) -> None:
        """Append; returns once the lines are on the disk. Raises FileError if they are not."""
        self._append(entries, durable=True)

    def append(self, *entries: Entry) -> None:
        """Append, without waiting for the disk. Raises FileError."""
        self._append(entries, durable=False)

    def note(self, *entries: Entry) -> None:
        """Append what may be lost: if the disk refuses, these lines are, and that is said once."""
        try:
            self.append(*entries)
        except FileError as error:
            _say_once(self.path, str(error))

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Replace all entries by these; a disk that refuses leaves the journal as it is."""
        try:
            write_whole(self.path, b"".join(map(_line, entries)))
        except OSError as error:
            _log.debug("%s was not shortened: %s", self.path, error)

    def _data_from(self, start: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                return file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise unreadable(error, self.path) from error

    def _entry(self, line: bytes, understand: Callable[[dict[str, Any]], T]) -> T | None:
        if not line.strip():
            return None
        found = _understood(line, understand)
        self.unread += found is None
        return found

    def _append(self, entries: Iterable[Entry], *, durable: bool) -> None:
        """One write, so that two processes' lines do not mix; never behind half a line."""
        lines = b"".join(map(_line, entries))
        try:
            private_folder(self.path.parent)
            _append_to(self.path, lines, durable=durable)
        except OSError as error:
            raise file_error(error, self.path) from error


def _append_to(path: Path, lines: bytes, *, durable: bool) -> None:
    descriptor = os.open(path, _APPENDING, FILE_MODE)
    try:
        data = _missing_end(descriptor) + lines
        if os.write(descriptor, data) < len(data):
            raise _disk_full()
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _disk_full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _understood(line: bytes, understand: Callable[[dict[str, Any]], T]) -> T | None:
    try:
        entry = parse_json(line)
        if entry.pop("v", _FORMAT) != _FORMAT:
            return None
        return understand(entry)
    except NO_ENTRY:
        return None


def _line(entry: Entry) -> bytes:
    return json.dumps({"v": _FORMAT, **entry}, ensure_ascii=False).encode() + b"\n"


def _missing_end(descriptor: int) -> bytes:
    """The line end that a crash kept from being written."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if not size:
        return b""
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return b"" if os.read(descriptor, 1) == b"\n" else b"\n"


def _say_once(path: Path, what: str) -> None:
    if (path, what) not in _said:
        _said.add((path, what))
        _log.warning("%s: %s", path, what)
