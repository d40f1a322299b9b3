"""Small files of ours that are there whole or not at all, and what cannot be read set aside."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tasks.disk.private import private_folder
from tasks.disk.strict_json import parse_json

_log = logging.getLogger("tasks.disk")

T = TypeVar("T")

_ASIDE = ".unreadable-"
NO_ENTRY = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What reading a value of another shape than ours raises."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace the file. Raises OSError.

    Another process sees the old content or the new one. The file is its user's alone.
    """
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content.encode("utf-8") if isinstance(content, str) else content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def keep_whole(path: Path, content: str | bytes) -> None:
    """Replace a file that can be made again: a disk that refuses is only said."""
    try:
        write_whole(path, content)
    except OSError as error:
        _log.warning("%s cannot be written: %s", path, error)


def read_document(path: Path, understand: Callable[[Any], T]) -> T | None:
    """What `understand` makes of the JSON in the file; None if there is none, or none of ours.

    A file that is no JSON, or has another shape, is set aside and said once.
    """
    try:
        return understand(parse_json(path.read_bytes()))
    except OSError:
        return None
    except NO_ENTRY as error:
        set_aside(path, str(error))
        return None


def set_aside(path: Path, why: str) -> None:
    """Give the file a name that says it cannot be read; the next one is begun in its place."""
    aside = path.with_name(f"{path.name}{_ASIDE}{time.strftime('%Y%m%d-%H%M%S')}")
    with suppress(OSError):
        path.replace(aside)
        _log.warning("%s could not be read (%s); it is kept as %s.", path, why[:80], aside.name)


def files_set_aside(folder: Path) -> list[Path]:
    """What was set aside in `folder` and the folders in it."""
    return sorted(path for path in folder.rglob(f"*{_ASIDE}*") if path.is_file())
