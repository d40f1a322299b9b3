"""Two columns of text below a help, as wide as the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

_WIDEST = 100
_INDENT = 2
_GAP = 2


def two_columns(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """`rows` below `title`; the second column stands below the first where both do not fit."""
    width = min(shutil.get_terminal_size().columns, _WIDEST) - 1
    first = max(len(name) for name, _ in rows) + _GAP
    longest = max(len(meaning) for _, meaning in rows)
    is_wide = _INDENT + first + min(longest, 24) <= width
    return "\n".join([title, *(_row(row, width, first if is_wide else None) for row in rows)])


def _row(row: tuple[str, str], width: int, first: int | None) -> str:
    name, meaning = row
    if first is not None:
        return _fill(f"{name:<{first}}{meaning}", width, _INDENT, _INDENT + first)
    below = _fill(meaning, width, _INDENT + 4, _INDENT + 4)
    return " " * _INDENT + name + (f"\n{below}" if meaning else "")


def _fill(text: str, width: int, indent: int, further: int) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * further,
        break_long_words=False,
        break_on_hyphens=False,
    )
