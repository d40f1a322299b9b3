"""A source's title without what uploaders write around it. Pure.

Magazines announce (`PREMIERE: …`), labels advertise (`[FREE DL]`, `// OUT NOW`) and number, and
people decorate. None of it names the recording. A title that is nothing else stays as it is.
"""

from __future__ import annotations

import html
import re
import unicodedata

from tasks.audio.names import DASHES

_PROMISE = r"premi[eè]re|exclusive|free\s+(?:download|dl|d/l)|out\s+now"
_DASH = rf"[{DASHES}]+"
_A_DASH_FOLLOWS = rf"(?=.*\S\s+{_DASH}\s+\S)"

_BEFORE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:{_PROMISE})\s*[:|]\s*",
        rf"^[^{DASHES}:|]{{0,40}}\bpremi[eè]re\s*[:|]\s*{_A_DASH_FOLLOWS}",
        rf"^[\[(]\s*(?:{_PROMISE})\s*[\])]\s*(?:{_DASH}|[:|])?\s*",
        rf"^\W*(?:{_PROMISE})\s+{_DASH}\s+{_A_DASH_FOLLOWS}",
        # Places on a record, running numbers, and a label's numbers.
        rf"^(?:[A-H]\d{{1,2}}|\d{{1,3}})\.\s+{_A_DASH_FOLLOWS}",
        rf"^(?:[A-H]\d{{1,2}}|[A-Z]{{2,8}}\s?0\d{{1,3}})\s+{_DASH}\s+{_A_DASH_FOLLOWS}",
        rf"^\[[A-Z]{{1,8}}[\s-]?\d{{2,4}}[A-Z]?\]\s*(?:{_DASH}\s+)?{_A_DASH_FOLLOWS}",
        rf"^\s*{_DASH}\s+",
    )
)
_BEHIND = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (rf"\s*[\[({{*]+\s*(?:{_PROMISE})\b[^\])}}*]*[\])}}*]+\s*$", re.IGNORECASE),
        (rf"\s*(?://|\|+|•)\s*(?:{_PROMISE})\b.{{0,60}}$", re.IGNORECASE),
        (r"\s+(?:FREE (?:DOWNLOAD|DL)|OUT NOW)\s*!*\s*$", re.NOFLAG),
        (rf"\s+{_DASH}\s*$", re.NOFLAG),
    )
)
_ANNOUNCED = re.compile(rf"^[^{DASHES}:|]{{0,40}}\bpremi[eè]re\b", re.IGNORECASE)
_QUOTED = re.compile(r'["“„«]([^"“”„«»]+)["”“»]')


def tidied(title: str) -> str:
    """The title alone, in one line; `title` itself if nothing else would be left."""
    text = undecorated(" ".join(html.unescape(title).split()))
    previous = None
    while text != previous:
        previous = text
        for pattern in (*_BEFORE, *_BEHIND):
            shorter = pattern.sub("", text, count=1).strip()
            text = shorter if any(char.isalnum() for char in shorter) else text
    return text


def is_announced(title: str) -> bool:
    """True for a magazine's `PREMIERE: …`: whoever uploads that did not make it."""
    return _ANNOUNCED.match(title) is not None and tidied(title) != title


def undecorated(text: str) -> str:
    """Without symbols and emoji before it, and those behind it that answer them."""
    start = next((n for n, char in enumerate(text) if not _is_ornament(char)), len(text))
    if not text[:start].strip() or start == len(text):
        return text
    end = next(n for n in range(len(text), 0, -1) if not _is_ornament(text[n - 1]))
    return text[start:end]


def unquoted(text: str) -> str:
    """What stands between quotation marks, if all of it does."""
    match = _QUOTED.fullmatch(text)
    return match[1].strip() if match else text


def _is_ornament(char: str) -> bool:
    category = unicodedata.category(char)
    return category in {"So", "Sk", "Cf", "Zs"} or "\ufe00" <= char <= "\ufe0f"
