"""Exports on the disk: replaced whole, only where something changed, and only what is ours."""

from __future__ import annotations

from pathlib import Path

from tasks.audio.files import published, sync_file
from tasks.audio.placing import make_folder
from tasks.disk.refusals import unreadable
from tasks.errors import FileError

_HEAD_BYTES = 2_000


def write_export(path: Path, data: bytes, *, mark: bytes) -> bool:
    """Put `data` at `path`; False if it stands there already.

    `mark` is what every export of this kind has in its first lines: a file without it is the
    user's own and stays. Raises FileError.
    """
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        before = None
    except OSError as error:
        raise unreadable(error, path) from error
    if before == data:
        return False
    if before and mark not in before[:_HEAD_BYTES]:
        raise FileError(
            f"{path} was not made by library-sync, so it was left as it is.",
            remedy="Move that file away, or name another with --out.",
        )
    make_folder(path.parent)
    with published(path) as (partial,):
        partial.write_bytes(data)
        sync_file(partial)
    return True


def is_ours(path: Path, *, mark: bytes) -> bool:
    """True if an export of ours stands at `path`."""
    try:
        with path.open("rb") as file:
            return mark in file.read(_HEAD_BYTES)
    except OSError:
        return False
