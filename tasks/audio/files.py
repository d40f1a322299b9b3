"""Writing files so that a name only ever stands for a finished file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.disk.refusals import file_error


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
