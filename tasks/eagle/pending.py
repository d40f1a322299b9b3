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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.disk.journal import Journal
from tasks.disk.private import private_folder
from tasks.errors import FileError

# How long a note counts beyond the time its import was given: Eagle is looked at once more.
_LOOKED_FOR = 15 * 60.0
_DELETED_AFTER = 24 * 3600.0
_CLOCK_STEPS = 60.0

Key = tuple[str, str]


@dataclass(frozen=True)
class _Note:
    """An import that was asked for at `at`, and may take `seconds` to appear."""

    at: float
    seconds: float

    def counts(self, now: float) -> bool:
        """Not of long ago, nor of days to come, as after a clock was set."""
        return -_CLOCK_STEPS < now - self.at < self.seconds + _LOOKED_FOR

    def remaining(self, now: float) -> float:
        """Seconds until its time is over."""
        return max(0.0, self.seconds - max(0.0, now - self.at))


class PendingImports:
    """What this process asked for, and what others on this machine did and may not have seen.

    A key is (canonical address, extension). Without a folder nothing outlives the process.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._noted: dict[Key, _Note] = {}
        self._folder = folder
        self._journal: Journal | None = None
        if folder is not None:
            private_folder(folder)
            self._delete_old(folder)
            self._journal = Journal(folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl")

    def remaining(self, key: Key) -> float | None:
        """Seconds that an import of `key` may still take to appear, 0 once its time is over; None
        if none was asked for lately, or it was seen since.

        The others' notes are read anew: a process that was killed a moment ago may have left one.
        """
        now = self._clock()
        noted = [self._noted.get(key), *(notes.get(key) for notes in self._of_others())]
        left = [note.remaining(now) for note in noted if note is not None and note.counts(now)]
        return max(left, default=None)

    def note(self, key: Key, seconds: float) -> None:
        """Write down that `key` is being asked for, before the request; its item may take so long.

        Raises FileError if that is not on the disk: then the import must not be asked for.
        """
        note = _Note(self._clock(), seconds)
        if self._journal is not None:
            self._journal.record(_line(key, note))
        self._noted[key] = note

    def strike(self, key: Key) -> None:
        """The item was seen, or Eagle refused it."""
        if self._noted.pop(key, None) is None or self._journal is None:
            return
        if self._noted:
            self._journal.note(_line(key, None))
        else:
            self._journal.path.unlink(missing_ok=True)

    def _of_others(self) -> Iterator[dict[Key, _Note | None]]:
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


def _line(key: Key, note: _Note | None) -> Mapping[str, Any]:
    asked = {"at": None} if note is None else {"at": note.at, "seconds": note.seconds}
    return {"address": key[0], "ext": key[1]} | asked


def _noted(line: Mapping[str, Any]) -> tuple[Key, _Note | None]:
    at = line["at"]
    note = None if at is None else _Note(float(at), float(line["seconds"]))
    return (str(line["address"]), str(line["ext"])), note
