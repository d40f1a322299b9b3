"""What the system refuses to do with a file, as our errors with what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path

from tasks.errors import DiskUnavailable, FileError

_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space on that disk, then run again."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space there, then run again."),
    errno.EACCES: ("it is not writable", "Give this user the right to write there."),
    errno.EPERM: ("it is not writable", "Give this user the right to write there."),
    errno.EROFS: ("the disk is read-only", "Mount the disk writable, then run again."),
    errno.ENOENT: ("the folder does not exist", "Create the folder or mount its disk."),
    errno.ENOTDIR: ("a part of the path is a file", "Correct the folder's setting."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter folder."),
    errno.EFBIG: ("that disk cannot hold a file so large", "Use a disk without a 4 GB limit."),
    errno.EIO: ("the disk failed", "Check the disk's cable and health, then run again."),
    errno.ENXIO: ("the disk went away", "Mount the disk, then run again."),
    errno.ENODEV: ("the disk went away", "Mount the disk, then run again."),
}
DISK_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENXIO, errno.ENODEV})
"""Every other file would meet the same: the disk is full, read-only or gone."""


def file_error(error: OSError, path: Path) -> FileError:
    """The system's refusal to write `path`, with what to do about it."""
    cause, remedy = _CAUSES.get(error.errno or 0, (error.strerror or str(error), None))
    said = f"{path} could not be written: {cause}."
    if error.errno in DISK_TROUBLE:
        return DiskUnavailable(said, remedy=remedy, folder=path.parent)
    return FileError(said, remedy=remedy)


def unreadable(error: OSError, path: Path) -> FileError:
    """The system's refusal to read `path`."""
    return FileError(
        f"{path} could not be read: {error.strerror or error}.",
        remedy="Check that the file is there, its disk is mounted, and this user may read it.",
    )
