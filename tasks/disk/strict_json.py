"""JSON from a file or a service that may hold anything."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def parse_json(data: bytes | str) -> Any:
    """The value. Raises ValueError, and nothing else, for what is no JSON of ours.

    That is also text that is not UTF-8, NaN and infinite numbers, and nesting too deep to read.
    """
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is too large a number")
    return number
