"""Imports that were asked for and not yet seen, kept on disk so that a crash forgets none.

Eagle answers before it imports. A process killed in between, or an answer that was lost, leaves an
item that appears a moment later: whoever asks again at once would import the recording twice.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.disk.private import private_folder
from tasks.errors import FileError

_FORGOTTEN_AFTER = 15 * 60.0
_DELETED_AFTER = 24 * 3600.0
_CLOCK_STEPS = 60.0

Key = tuple[str, str]


class PendingImports:
    """What this process asked for, and what others on this machine did and may not have seen.

    A key is (canonical address, extension). Without a folder nothing outlives the process.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._noted: dict[Key, float] = {}
        self._folder = folder
        self._journal: Journal | None = None
        if folder is not None:
            private_folder(folder)
            self._delete_old(folder)
            self._journal = Journal(folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl")

    def asked_ago(self, key: Key) -> float | None:
        """Seconds since the import of `key` was asked for last; None if it was seen since.

        The others' notes are read anew: a process that was killed a moment ago may have left one.
        """
        noted = [self._noted.get(key), *(notes.get(key) for notes in self._of_others())]
        recent = [at for at in noted if at is not None and self._is_recent(at)]
        return max(0.0, self._clock() - max(recent)) if recent else None

    def _is_recent(self, at: float) -> bool:
        return -_CLOCK_STEPS < self._clock() - at < _FORGOTTEN_AFTER

    def note(self, key: Key) -> None:
        """Write down that `key` is being asked for, before the request.

        Raises FileError if that is not on the disk: then the import must not be asked for.
        """
        at = self._clock()
        if self._journal is not None:
            self._journal.record(_line(key, at))
        self._noted[key] = at

    def strike(self, key: Key) -> None:
        """The item was seen, or Eagle refused it."""
        if self._noted.pop(key, None) is None or self._journal is None:
            return
        if self._noted:
            self._journal.note(_line(key, None))
        else:
            self._journal.path.unlink(missing_ok=True)

    def _of_others(self) -> Iterator[dict[Key, float | None]]:
        """What each other process, dead or alive, noted last of each import."""
        for file in self._folder.glob("*.jsonl") if self._folder else ():
            if self._journal is None or file != self._journal.path:
                with contextlib.suppress(FileError):
                    yield dict(Journal(file).read_on(_noted))

    def _delete_old(self, folder: Path) -> None:
        for file in folder.glob("*.jsonl"):
            with contextlib.suppress(OSError):
                if self._clock() - file.stat().st_mtime > _DELETED_AFTER:
                    file.unlink()


def _line(key: Key, at: float | None) -> Mapping[str, Any]:
    return {"address": key[0], "ext": key[1], "at": at}


def _noted(line: Mapping[str, Any]) -> tuple[Key, float | None]:
    at = line["at"]
    return (str(line["address"]), str(line["ext"])), None if at is None else float(at)
