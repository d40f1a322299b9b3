"""JSON as Eagle writes it, on disk and on the wire: compact, UTF-8, JavaScript's numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def dump(value: object) -> bytes:
    """`value` as compact UTF-8 JSON without a trailing newline."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate: JavaScript escapes it
        return json.dumps(value, separators=(",", ":")).encode()


def js_number(value: float) -> int | float:
    """`value` as JavaScript prints it: 5, never 5.0."""
    return int(value) if float(value).is_integer() else value


def read_object(file: Path) -> Record:
    """The first JSON object in `file`; {} when there is none or it cannot be read.

    Damaged libraries hold files with two objects one after the other, and empty or NUL-filled
    files (docs/facts/eagle.md, "The library on disk").
    """
    try:
        value, _ = json.JSONDecoder().raw_decode(file.read_bytes().decode("utf-8-sig").lstrip())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
