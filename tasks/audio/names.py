"""Names of files and folders that every system takes, and that cannot leave their folder.

A file's stem is also its item's name in Eagle, so it is a name Eagle's own sanitising leaves as
it is: no `/ ? < > \\ : * | " %`, no HTML entities, no invisible or private characters and no
characters outside the basic plane, which is where emoji are (docs/facts/eagle.md, "Names").
Folders are not Eagle's, so their emoji stay.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_MAX_STEM_BYTES = 200
"""Leaves room for a tie-breaker as long as a Notion id, a number and an extension."""

_UNTITLED, _UNASSIGNED = "Untitled", "Unassigned"
_SEPARATORS = re.compile(r"[/\\|\u2044\u2215\u29f8]+")
_FORBIDDEN = re.compile(r'[?<>*"%]')
_COLON = re.compile(r"\s*:(\s+|$)")
_ENTITIES = re.compile(r"&(?:amp|quot|lt|gt|#39);", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE
)
_EDGES = " ."
DASHES = r"-\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
"""Every dash that people write between artist and title, as a class of a regular expression."""

_DASH = re.compile(rf"\s+[{DASHES}]+\s+")
_ENDING = re.compile(
    r"\.(?:wave?|aiff?|aifc|mp3|m4a|mp4|flac|ogg|opus|aac|alac|wma)\s*$", re.IGNORECASE
)


def file_stem(artist: str, title: str) -> str:
    """`Artist - Title` as a file's name without its extension, at most 200 bytes of UTF-8.

    Without an artist the title alone, without a title `Untitled`; a file's ending goes, and an
    artist the title begins with already, by whichever dash, is not said twice. Idempotent:
    `file_stem("", stem) == stem`.
    """
    who, what = _clean(artist, emoji="drop"), _clean(plain_title("", title), emoji="drop")
    named, rest = split_at_dash(what)
    if who and rest and same_name(named, who):
        who, what = named, plain_title(who, what)
    what = what or _UNTITLED
    if not who:
        return _finished(what, _MAX_STEM_BYTES)
    room = _MAX_STEM_BYTES - len(" - ")
    who = _cut(who, max(room - len(what.encode()), room // 3))
    return _finished(f"{who} - {what}", _MAX_STEM_BYTES)


def plain_title(artist: str, title: str) -> str:
    """The title without the ending of a file's name, and without `artist` and a dash before it."""
    title = title.strip()
    while (shorter := _ENDING.sub("", title).rstrip()) not in ("", title):
        title = shorter
    named, rest = split_at_dash(title)
    return plain_title(artist, rest) if artist and rest and same_name(named, artist) else title


def split_at_dash(title: str) -> tuple[str, str]:
    """What stands before and behind the first dash with spaces; all and nothing without one."""
    before, *behind = _DASH.split(title, maxsplit=1)
    return (before.strip(), behind[0].strip()) if behind else (title, "")


def folder_name(playlist: str) -> str:
    """One folder's name for a playlist; `Unassigned` if nothing is left of it. Idempotent."""
    cleaned = _clean(playlist, emoji="keep")
    return _finished(cleaned, _MAX_STEM_BYTES) if cleaned else _UNASSIGNED


def with_suffix_id(stem: str, soundcloud_id: str) -> str:
    """`stem [id]`, for a second track that would have the same name."""
    suffix = _clean(soundcloud_id, emoji="drop")
    return f"{stem} [{_cut(suffix, 40)}]" if suffix else stem


def same_name(a: str, b: str) -> bool:
    """True if a disk that ignores case, or how accents are composed, takes both for one name."""
    return folded_name(a) == folded_name(b)


def folded_name(name: str) -> str:
    """The name as such a disk compares it."""
    decomposed = unicodedata.normalize("NFD", name).casefold()
    return unicodedata.normalize("NFD", decomposed)


@lru_cache(maxsize=4096)  # a playlist's name comes with each of its rows
def _clean(text: str, *, emoji: str) -> str:
    previous = None
    while text != previous:
        previous = text
        text = _clean_once(text, emoji=emoji)
    return text


def _clean_once(text: str, *, emoji: str) -> str:
    text = _ENTITIES.sub(lambda match: html.unescape(match[0].lower()), text)
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"\s+", " ", text)
    text = "".join(char for char in text if _is_visible(char, emoji=emoji))
    text = _FORBIDDEN.sub("", _SEPARATORS.sub("-", text.replace('"', "'")))
    text = _COLON.sub(" - ", text).replace(":", "-")
    return re.sub(r" +", " ", text).strip(_EDGES)


def _is_visible(char: str, *, emoji: str) -> bool:
    if unicodedata.category(char) in _INVISIBLE or char in _FILLERS:
        return False
    if "\ufe00" <= char <= "\ufe0f":  # variation selectors: the same letter, drawn otherwise
        return emoji == "keep"
    return emoji == "keep" or ord(char) <= 0xFFFF


def _finished(text: str, limit: int) -> str:
    name = _cut(text, limit).strip(_EDGES)
    return f"_{_cut(name, limit - 1)}" if _RESERVED.match(name) else name


def _cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` bytes that splits no character from its accents."""
    if len(text.encode()) <= limit:
        return text
    kept = text.encode()[:limit].decode(errors="ignore")
    while kept and unicodedata.combining(text[len(kept)]):
        kept = kept[:-1]
    return kept.rstrip(_EDGES)
