"""Imports that were asked for and not yet seen, kept on disk so that a crash forgets none.

Eagle answers before it imports. A process killed in between, or an answer that was lost, leaves an
item that appears a moment later: whoever asks again at once would import the recording twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["PendingImports"]

_FORGOTTEN_AFTER = 15 * 60.0
_DELETED_AFTER = 24 * 3600.0

Key = tuple[str, str]


class PendingImports:
    """What this process asked for, and what others on this machine left behind.

    A key is (canonical address, extension). Without a folder nothing outlives the process.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._noted: dict[Key, float] = {}
        self._file: Path | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob("*.jsonl"):
                self._take_over(left)
            self._file = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"

    def noted_at(self, key: Key) -> float | None:
        """When the import of `key` was asked for (Unix seconds), if it was not seen since."""
        return self._noted.get(key)

    def note(self, key: Key) -> None:
        """Write down that `key` is being asked for; before the request."""
        self._noted[key] = self._clock()
        self._append(key, self._noted[key])

    def strike(self, key: Key) -> None:
        """The item was seen, or Eagle refused it."""
        if self._noted.pop(key, None) is not None:
            self._append(key, None)
        if not self._noted and self._file is not None:
            self._file.unlink(missing_ok=True)

    def _append(self, key: Key, noted: float | None) -> None:
        if self._file is not None:
            entry = {"address": key[0], "ext": key[1], "at": noted}
            with self._file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _take_over(self, file: Path) -> None:
        """Learn what another process left; delete its file once it is a day old."""
        now = self._clock()
        with contextlib.suppress(OSError):
            for key, noted in _entries(file.read_text("utf-8")):
                if noted is None:
                    self._noted.pop(key, None)
                elif now - noted < _FORGOTTEN_AFTER:
                    self._noted[key] = noted
            if now - file.stat().st_mtime > _DELETED_AFTER:
                file.unlink()


def _entries(text: str) -> Iterator[tuple[Key, float | None]]:
    for line in text.splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):  # a line cut short by a crash
            entry = json.loads(line)
            noted = entry["at"]
            yield (
                (str(entry["address"]), str(entry["ext"])),
                None if noted is None else float(noted),
            )
