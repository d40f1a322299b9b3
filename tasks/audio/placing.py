"""Putting a proven file into a folder of the library, without ever overwriting another."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from tasks.audio.files import partial_path, sync_file, sync_folder
from tasks.audio.names import same_name, with_suffix_id
from tasks.disk.refusals import file_error
from tasks.disk.volumes import require_mounted
from tasks.errors import FileError

_NO_LINK = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP,
     errno.ENOTSUP, errno.EINVAL}
)  # fmt: skip
_MOST_NUMBERS = 1000
_FICLONE = 0x40049409
"""Linux, `ioctl_ficlone(2)`: Btrfs, XFS, bcachefs."""


def place_file(
    source: Path,
    folder: Path,
    stem: str,
    extension: str,
    *,
    tie_breaker: str,
    same: Callable[[Path], bool],
    may_link: bool,
) -> Path:
    """Put `source` into `folder` as `stem` + `extension` (".wav") and return where it is.

    A file that is there already and is the same recording (`same`, by its PCM) is taken as it
    is. If another file has the name (whatever its case or accents' form), the name gets the
    `tie_breaker` (a SoundCloud id), then a number. With `may_link` a hard link where the disk
    allows it, else a copy that `same` has proven, which shares its blocks where the disk can;
    complete or absent at any moment; safe between processes. `source` stays.
    Raises: FileError.
    """
    make_folder(folder)
    try:
        names = list(_names(stem, tie_breaker, extension, limit=2))
        for name in names:
            if (existing := _existing(folder, name)) and same(existing):
                return existing
        for name in _names(stem, tie_breaker, extension, limit=_MOST_NUMBERS):
            if placed := _place_as(source, folder, name, same, may_link=may_link):
                return placed
    except OSError as error:
        raise file_error(error, folder) from error
    raise FileError(
        f"{folder} holds {_MOST_NUMBERS} other files named {stem}{extension}.",
        remedy="Give the track a title of its own in Notion.",
    )


def make_folder(folder: Path) -> None:
    """Make sure the folder exists, but never in place of a disk that is not mounted.

    Raises: FileError.
    """
    require_mounted(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(error, folder) from error


def _names(stem: str, tie_breaker: str, extension: str, *, limit: int) -> Iterator[str]:
    told_apart = with_suffix_id(stem, tie_breaker)
    yield stem + extension
    for number in count(1):
        if number >= limit:
            return
        name = told_apart if number == 1 else f"{told_apart} ({number})"
        if name != stem:
            yield name + extension


def _existing(folder: Path, name: str) -> Path | None:
    with os.scandir(folder) as entries:
        return next((Path(entry) for entry in entries if same_name(entry.name, name)), None)


def _place_as(
    source: Path, folder: Path, name: str, same: Callable[[Path], bool], *, may_link: bool
) -> Path | None:
    existing = _existing(folder, name)
    if existing is None:
        linked = may_link and _link(source, folder / name)
        if linked or _copy(source, folder / name, same):
            sync_folder(folder)
            return folder / name
        existing = _existing(folder, name)  # another process was faster
    return existing if existing is not None and same(existing) else None


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source.resolve(), target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True


def _copy(source: Path, target: Path, same: Callable[[Path], bool]) -> bool:
    if target.exists():
        return False
    partial = partial_path(target.parent, target.suffix)
    try:
        if not clone(source, partial):
            shutil.copyfile(source, partial)
        sync_file(partial)
        if not same(partial):
            raise FileError(
                f"The copy of {source.name} into {target.parent} came out different.",
                remedy="Check that folder's disk, then run again.",
            )
        return _publish(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _publish(partial: Path, target: Path) -> bool:
    """Give the copy its name, unless the name was taken meanwhile."""
    if _link(partial, target):
        return True
    try:  # this disk knows no links: an empty file takes the name first
        with target.open("xb"):
            pass
    except FileExistsError:
        return False
    partial.replace(target)
    return True


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
