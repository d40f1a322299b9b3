"""The disk a folder lies on: whether it is mounted, and how much room it has."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tasks.disk.refusals import file_error
from tasks.errors import DiskUnavailable


def require_mounted(folder: Path) -> None:
    """Raises DiskUnavailable if the folder's disk is not there: nothing may be made in its place.

    On macOS other disks appear under /Volumes while mounted (docs/facts/audio.md, "Volumes"); a
    plain folder there is what is left of one. On Windows a missing drive has no root.
    """
    place = folder.expanduser().absolute()
    volume = _volume_of(place)
    if volume is not None and not _is_mounted(volume):
        raise DiskUnavailable(
            f"The disk {volume} is not mounted, so {folder} cannot be used.",
            remedy="Mount the disk, or correct the folder's setting; nothing was created there.",
            folder=folder,
        )


def free_bytes(folder: Path) -> int:
    """Free bytes on the disk that holds, or will hold, the folder.

    Raises DiskUnavailable if it is not mounted, FileError if it cannot be asked.
    """
    require_mounted(folder)
    place = folder.expanduser().absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError as error:
        raise file_error(error, folder) from error


def _volume_of(place: Path) -> Path | None:
    parts = place.parts
    if os.name == "nt":
        return Path(place.anchor) if place.drive else None
    return Path(*parts[:3]) if len(parts) > 2 and parts[:2] == ("/", "Volumes") else None


def _is_mounted(volume: Path) -> bool:
    if sys.platform == "darwin":
        return os.path.ismount(volume.resolve())
    return volume.is_dir()
