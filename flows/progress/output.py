"""Results for other programs: JSON into a file, or to standard output for `-`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tasks.errors import ConfigurationError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content`; raises ConfigurationError if the file cannot be written."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text`; raises ConfigurationError if the file cannot be written."""
    if path == Path("-"):
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({os.strerror(error.errno or 0)}).",
            remedy="Name a file in a folder that exists and can be written.",
        ) from error
