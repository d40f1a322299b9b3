"""Who made a recording and what it is called, from everything that says something of it. Pure.

A label or a magazine uploads most of what it did not make, with `Artist - Title` as the title. So
the row is asked first, then what the publisher registered, then the title, and last the uploader.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tasks.audio.names import DASHES, plain_title, same_name, split_at_dash
from tasks.dedupe.titles import fold
from tasks.dedupe.versions import canonical, version_words
from tasks.soundcloud.source_title import is_announced, tidied, unquoted

_RUNNING_NUMBER = re.compile(r"[\[(]?\d{1,3}[\])]?\.?")
_OCCASION = re.compile(r"(?:live (?:at|in|from|on)|remaster(?:ed)?)\b")
_WORD = re.compile(r"\w+")
_LOOSE_DASH = re.compile(rf"(?<=\w)[{DASHES}]+\s+(?=\w)|(?<=\w)\s+[{DASHES}]+(?=[^\W\d])")
_BETWEEN_NAMES = re.compile(
    r"\s*[,;&+/]\s*|\s+(?:x|×|vs\.?|and|with|feat\.?|ft\.?|featuring)\s+", re.IGNORECASE
)


class Credit(NamedTuple):
    """Artist and title as they are shown; the artist is empty where nobody names one."""

    artist: str
    title: str


def credit(*, row_artist: str, row_title: str, publisher: str, title: str, uploader: str) -> Credit:
    """The credit of a recording; empty texts say nothing.

    The title loses the ending of a file's name, and an artist that is named beside it. A source's
    title also loses what its uploader wrote around it; a row's is left as its owner wrote it.
    """
    whole = plain_title("", row_title or tidied(plain_title("", title)))
    if is_announced(title) and same_name(publisher, uploader):
        publisher = ""
    if known := row_artist or publisher:
        stripped = plain_title(known, whole)
        if row_title or stripped != whole:
            return Credit(known, stripped)
        return _beside(known, whole, keeps_known=bool(row_artist))
    return _from_title(whole, uploader) or Credit(uploader, plain_title(uploader, whole))


def _beside(known: str, whole: str, *, keeps_known: bool) -> Credit:
    """The credit where the title names some of the known artists, or more than are known."""
    left, right = split_at_dash(whole)
    named, theirs = _names(left), _names(known)
    if not right or not (named <= theirs or theirs <= named):
        return Credit(known, whole)
    is_fuller = named > theirs and not keeps_known
    return Credit(left if is_fuller else known, unquoted(right))


def _names(artists: str) -> frozenset[str]:
    return frozenset(fold(name) for name in _BETWEEN_NAMES.split(artists) if name.strip())


def _from_title(whole: str, uploader: str) -> Credit | None:
    """What `Artist - Title` says; a version behind the dash is none, nor is a running number."""
    left, right = _split(whole)
    if not right:
        return None
    if _RUNNING_NUMBER.fullmatch(left):
        return _from_title(right, uploader) or Credit(uploader, right)
    if same_name(right, uploader):
        return Credit(uploader, left)
    if _is_version(fold(right)) and not _is_named_in(uploader, right):
        return None
    return Credit(left, unquoted(plain_title(left, right)))


def _split(whole: str) -> tuple[str, str]:
    """At a dash with spaces, else at one with a space on one side, outside of brackets."""
    left, right = split_at_dash(whole)
    if right:
        return left, right
    before, *behind = _LOOSE_DASH.split(whole, maxsplit=1)
    is_inside = any(mark in before for mark in "([")
    return (before, behind[0]) if behind and not is_inside else (whole, "")


def _is_version(folded: str) -> bool:
    """True for what says which version a title is: `Radio Edit`, `Live at Home`, `Remastered`."""
    words = canonical(tuple(_WORD.findall(folded)))
    return version_words(words).issuperset(words) or _OCCASION.match(folded) is not None


def _is_named_in(uploader: str, right: str) -> bool:
    """A festival that uploads `Artist - Live at Festival` has the artist before the dash."""
    return bool(uploader) and fold(uploader) in fold(right)
