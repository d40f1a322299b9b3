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
    """What this process asked for, and what others on this machine did and may not have seen.

    A key is (canonical address, extension). Without a folder nothing outlives the process.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._noted: dict[Key, float] = {}
        self._folder = folder
        self._file: Path | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._delete_old(folder)
            self._file = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"

    def noted_at(self, key: Key) -> float | None:
        """When the import of `key` was asked for last (Unix seconds), if it was not seen since.

        The others' notes are read anew: a process that was killed a moment ago may have left one,
        and its row is free at once.
        """
        noted = [self._noted.get(key), *(notes.get(key) for notes in self._of_others())]
        recent = [at for at in noted if at is not None and self._clock() - at < _FORGOTTEN_AFTER]
        return max(recent, default=None)

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

    def _of_others(self) -> Iterator[dict[Key, float | None]]:
        """What each other process, dead or alive, noted last of each import."""
        for file in self._folder.glob("*.jsonl") if self._folder else ():
            if file != self._file:
                with contextlib.suppress(OSError):
                    yield dict(_entries(file.read_text("utf-8")))

    def _delete_old(self, folder: Path) -> None:
        for file in folder.glob("*.jsonl"):
            with contextlib.suppress(OSError):
                if self._clock() - file.stat().st_mtime > _DELETED_AFTER:
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
