"""Writing files so that a name only ever stands for a finished file."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.errors import FileError

__all__ = ["file_error", "partial_path", "published", "sync_file", "sync_folder", "unreadable"]

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


def file_error(error: OSError, path: Path) -> FileError:
    """The system's refusal to write `path`, with what to do about it."""
    cause, remedy = _CAUSES.get(error.errno or 0, (error.strerror or str(error), None))
    return FileError(f"{path} could not be written: {cause}.", remedy=remedy)


def unreadable(error: OSError, path: Path) -> FileError:
    """The system's refusal to read `path`."""
    return FileError(
        f"{path} could not be read: {error.strerror or error}.",
        remedy="Check that the file is there, its disk is mounted, and this user may read it.",
    )


def partial_path(folder: Path, extension: str) -> Path:
    """A name in `folder` nobody else uses, for a file that is being written."""
    return folder / f".library-sync-{secrets.token_hex(8)}.part{extension}"


def sync_file(path: Path) -> None:
    """Return once the file's bytes are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Return once the folder's names are on the disk, where the system can promise that."""
    with suppress(OSError):  # Windows opens no folders; some network disks sync none
        sync_file(folder)


@contextmanager
def published(*finals: Path) -> Iterator[Sequence[Path]]:
    """Partial paths to write to, one beside each of `finals`; they get those names at the end.

    If anything fails none of the names appears and no partial file stays. An older file of the
    same name is replaced, so this is for the staging area only; a library's files are put in
    place by `placing`.

    Raises: FileError.
    """
    partials = [partial_path(final.parent, final.suffix) for final in finals]
    try:
        yield partials
        _rename_all(partials, finals)
    except OSError as error:
        raise file_error(error, finals[0]) from error
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)


def _rename_all(partials: Sequence[Path], finals: Sequence[Path]) -> None:
    done: list[Path] = []
    try:
        for partial, final in zip(partials, finals, strict=True):
            partial.replace(final)
            done.append(final)
    except OSError:
        for final in done:
            final.unlink(missing_ok=True)
        raise
    for folder in {final.parent for final in finals}:
        sync_folder(folder)
