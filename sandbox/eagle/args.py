"""Reading a call's arguments as Eagle does: leniently, wrong types as if they were not given."""

from __future__ import annotations

import math
from typing import Any

from sandbox.eagle.wire import js_number

Args = dict[str, Any]


def text(value: object) -> str:
    """`value` if it is a string, else ""."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """The distinct, non-empty strings of a list, in order; one string counts as a list of one."""
    entries = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return list(dict.fromkeys(e for e in entries if isinstance(e, str) and e))


def split(value: object) -> list[str]:
    """The parts of a comma list, or the strings of a list."""
    return texts(value.split(",")) if isinstance(value, str) else texts(value)


def number(value: object) -> int | float | None:
    """A finite number given as such or as digits, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return js_number(found) if math.isfinite(found) else None
