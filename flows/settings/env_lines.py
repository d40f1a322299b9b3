"""The lines of a `.env` file: a person may have put anything there; a bad line costs itself."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path

from tasks.errors import ConfigurationError

_log = logging.getLogger("flows.settings")
_said: set[tuple[Path, int]] = set()


def values_in(file: Path, only: set[str] | None = None) -> dict[str, str]:
    """The variables in a file; those of `only` without putting others' values into them.

    A line that is no text is left out and named once. Raises ConfigurationError if the file cannot
    be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415  (only where there is a file)

    text = io.StringIO(text_of(file))
    found = dotenv_values(stream=text, interpolate=only is None)
    return {n: v for n, v in found.items() if v is not None and (only is None or n in only)}


def names_in(file: Path) -> list[str]:
    """The names in a file, also of lines without a value."""
    from dotenv import dotenv_values  # noqa: PLC0415

    return list(dotenv_values(stream=io.StringIO(text_of(file)), interpolate=False))


def text_of(file: Path) -> str:
    """Its lines that are text. Raises ConfigurationError if it cannot be read."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({os.strerror(error.errno or 0)}).",
            remedy="Let your user read it, or move it away.",
        ) from error
    return "\n".join(_read(line, number, file) for number, line in enumerate(lines, 1))


def _read(line: bytes, number: int, file: Path) -> str:
    """The line; empty where it is no UTF-8, or has NUL characters, which no variable may have."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    if (file, number) not in _said:
        _said.add((file, number))
        _log.warning("%s, line %d is no text and is not read: write it anew.", file, number)
    return ""
