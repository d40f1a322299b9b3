"""Who made a recording and what it is called, from everything that says something of it. Pure.

A label or a magazine uploads most of what it did not make, with `Artist - Title` as the title. So
the row is asked first, then what the publisher registered, then the title, and last the uploader.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tasks.audio.names import plain_title, same_name, split_at_dash
from tasks.dedupe.titles import fold
from tasks.dedupe.versions import canonical, version_words

_RUNNING_NUMBER = re.compile(r"[\[(]?\d{1,3}[\])]?\.?")
_HERALD = re.compile(r"^\W*(?:premi[eè]re|exclusive|free (?:download|dl))\s*[:|]\s*", re.IGNORECASE)
_OCCASION = re.compile(r"(?:live (?:at|in|from|on)|remaster(?:ed)?)\b")
_WORD = re.compile(r"\w+")


class Credit(NamedTuple):
    """Artist and title as they are shown; the artist is empty where nobody names one."""

    artist: str
    title: str


def credit(*, row_artist: str, row_title: str, publisher: str, title: str, uploader: str) -> Credit:
    """The credit of a recording; empty texts say nothing.

    The title loses the ending of a file's name, and an artist that is named beside it.
    """
    whole = plain_title("", row_title or title)
    if known := row_artist or publisher:
        return Credit(known, plain_title(known, whole))
    return _from_title(whole, uploader) or Credit(uploader, plain_title(uploader, whole))


def _from_title(whole: str, uploader: str) -> Credit | None:
    """What `Artist - Title` says; a version behind the dash is none, nor is a running number."""
    left, right = split_at_dash(whole)
    if not right:
        return None
    if _RUNNING_NUMBER.fullmatch(left):
        return _from_title(right, uploader) or Credit(uploader, right)
    if same_name(right, uploader):
        return Credit(uploader, left)
    if _is_version(fold(right)):
        return None
    artist = _HERALD.sub("", left)
    return Credit(artist, right) if artist else None


def _is_version(folded: str) -> bool:
    """True for what says which version a title is: `Radio Edit`, `Live at Home`, `Remastered`."""
    words = canonical(tuple(_WORD.findall(folded)))
    return version_words(words).issuperset(words) or _OCCASION.match(folded) is not None
