"""A copy that shares its blocks with the original until one of them is changed (reflink)."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

_FICLONE = 0x40049409
"""Linux, `ioctl_ficlone(2)`: Btrfs, XFS, bcachefs."""


def clone(source: Path, target: Path) -> bool:
    """Make `target` a clone of `source`; False, and no file, where the disk cannot.

    On APFS by `clonefile(2)`, on Linux by `ioctl_ficlone(2)`.
    """
    try:
        if sys.platform == "darwin":
            return _clonefile(source, target)
        if sys.platform == "linux":
            return _ficlone(source, target)
    except (OSError, AttributeError):
        target.unlink(missing_ok=True)
    return False


def _ficlone(source: Path, target: Path) -> bool:
    import fcntl  # noqa: PLC0415  (not on every platform)

    with source.open("rb") as original, target.open("wb") as copy:
        fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
    return True


def _clonefile(source: Path, target: Path) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    return bool(library.clonefile(bytes(source), bytes(target), 0) == 0)
