"""The `.env` file: values put in, every other line kept, readable by its owner alone."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tasks.errors import ConfigurationError

_PLAIN = re.compile(r"[\w./:@%+,=~-]*", re.ASCII)


def with_values(text: str, values: Mapping[str, str]) -> str:
    """`text` with each of `values` set: in its own line where it has one, else at the end."""
    lines = text.splitlines()
    for name, value in values.items():
        line = f"{name}={_quoted(value)}"
        own = re.compile(rf"\s*(?:export\s+)?{re.escape(name)}\s*(?:=|$)")
        places = [number for number, old in enumerate(lines) if own.match(old)]
        if places:
            lines[places[-1]] = line  # the last one counts
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def write_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Set `values` in the file with mode 0600; a crash leaves the old one or the new one.

    Raises ConfigurationError if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text("utf-8", errors="surrogateescape") if path.exists() else ""
        with tempfile.NamedTemporaryFile(
            "w",
            dir=path.absolute().parent,
            prefix=".env-",
            delete=False,
            encoding="utf-8",
            errors="surrogateescape",
        ) as fresh:
            fresh.write(with_values(old, values))  # mkstemp made it with mode 0600
        Path(fresh.name).replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({os.strerror(error.errno or 0)}).",
            remedy="Run setup in a folder that can be written, and sync from there.",
        ) from error


def _quoted(value: str) -> str:
    """As python-dotenv reads it back, unchanged."""
    if _PLAIN.fullmatch(value):
        return value
    inner = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inner}'"
