"""The id in a link to a database, a data source or a page, whatever form it was copied in. Pure.

A link ends in the title and 32 hex digits, with or without hyphens: `…/Music-Tracks-2026-<id>`. The
title may itself end in hex digits (`Techno-Feed-`), so the last 32 count. `?v=` names a view.
"""

from __future__ import annotations

import re

_DIGITS = 32
_HEX = re.compile(r"[0-9a-f]{32}")


def id_in(text: str) -> str:
    """The id in `text`, with hyphens as Notion answers it; "" if there is none."""
    path = re.split(r"[?#]", text.strip().strip("<>\"'"), maxsplit=1)[0].rstrip("/")
    last = path.rpartition("/")[2].replace("-", "").lower()[-_DIGITS:]
    if not _HEX.fullmatch(last):
        return ""
    return "-".join((last[:8], last[8:12], last[12:16], last[16:20], last[20:]))
