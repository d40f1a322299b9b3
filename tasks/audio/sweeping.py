"""Removing what killed runs left behind: partial files and staging folders, a day old or more.

Only names that this project gives, and only where it gives them; a day, since another process may
be at work in the same folders.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PARTIAL = re.compile(r"\.library-sync-(?:[0-9a-f]{16}\.part(?:\.\w+)?|probe\w*)")
_DAY_SECONDS = 24 * 3600.0


def sweep_partial_files(root: Path) -> int:
    """Delete our old partial files in `root` and in the folders directly in it; their number.

    What cannot be read or deleted stays where it is.
    """
    swept = 0
    for entry in _entries(root):
        inside = _entries(Path(entry)) if entry.is_dir(follow_symlinks=False) else (entry,)
        swept += sum(_delete(each) for each in inside if _is_old_partial(each))
    return swept


def sweep_staging(root: Path) -> int:
    """Delete the folders in the staging area `root` in which nothing happened for a day."""
    old = [entry for entry in _entries(root) if _is_old(entry)]
    for entry in old:
        shutil.rmtree(entry, ignore_errors=True)
    return len(old)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _is_old_partial(entry: os.DirEntry[str]) -> bool:
    is_ours = _PARTIAL.fullmatch(entry.name) is not None
    return is_ours and entry.is_file(follow_symlinks=False) and _is_old(entry)


def _is_old(entry: os.DirEntry[str]) -> bool:
    try:
        written = entry.stat(follow_symlinks=False).st_mtime
    except OSError:  # another process was faster
        return False
    return time.time() - written > _DAY_SECONDS


def _delete(entry: os.DirEntry[str]) -> bool:
    try:
        Path(entry).unlink()
    except OSError:
        return False
    return True
