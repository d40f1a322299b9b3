"""Eagle's identifiers, for items, folders and tag groups alike.

Their form: docs/facts/eagle.md, "The library on disk".
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ITEM_ID = re.compile(r"[0-9A-Z]{13}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def is_id(text: object) -> bool:
    """Is `text` an id that Eagle's loader accepts: 13 of [0-9A-Z], or a 36-character UUID?"""
    return isinstance(text, str) and _ITEM_ID.fullmatch(text) is not None


class IdMint:
    """Makes ids: the time in base 36 (8 characters), then 5 random characters."""

    def __init__(self, clock: Callable[[], float], seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)

    def new(self, taken: Callable[[str], bool] = lambda _: False) -> str:
        """A fresh id for which `taken` is false; ids sort by the time they were made."""
        while True:
            tail = "".join(self._random.choices(_DIGITS, k=5))
            made = _base36(int(self._clock() * 1000)).rjust(8, "0") + tail
            if not taken(made):
                return made


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits
