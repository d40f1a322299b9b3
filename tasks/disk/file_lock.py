"""The system's lock on an open file: one process has it, and it ends with that process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.disk.private import FILE_MODE, FOLDER_MODE

if sys.platform == "win32":
    import msvcrt

    _FAR_BEHIND_THE_TEXT = 1 << 30

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for this process; False if another holds it."""
        os.lseek(descriptor, _FAR_BEHIND_THE_TEXT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for this process; False if another holds it."""
        # flock, not lockf: a POSIX lock is lost as soon as any descriptor of the file is closed.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """True within the block if no other process is within it; the file is made if need be.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)
