"""Files and folders that only their user may look into.

They hold private addresses, titles, and what the user's hooks are.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
FOLDER_MODE = 0o700
FILE_MODE = 0o600


def private_folder(folder: Path) -> Path:
    """`folder`, made with what it lies in if need be, closed to other users. Raises OSError."""
    if not folder.is_dir():
        for missing in reversed([folder, *folder.parents]):
            if not missing.is_dir():
                missing.mkdir(mode=FOLDER_MODE, exist_ok=True)
    close_to_others(folder)
    return folder


def close_to_others(path: Path) -> None:
    """Take other users' rights away from a file or folder that is ours; else leave it."""
    if os.name != "posix":
        return
    with suppress(OSError):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            path.chmod(found.st_mode & ~_OTHERS & 0o7777)


def open_private(path: str, flags: int) -> int:
    """An `opener` for `open`: a file made by it is its user's alone."""
    return os.open(path, flags, FILE_MODE)
