"""Titles and names as comparable words, safe for every script.

Nothing here judges; `decorations` drops what is no part of a name, `matching` decides. Text that
holds no letter and no digit has no words, and an empty result never equals anything
(docs/facts/audio.md, "Titles").
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

Words = tuple[str, ...]

_LETTERS_WITHOUT_DECOMPOSITION = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ё": "е"}
)
_TYPOGRAPHIC = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "″": '"', "×": " x "}
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"_": " ", "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None, "\ufe0f": None}
)
_WORD = re.compile(r"[^\W_]+")
_INNER_MARK = re.compile(r"(?<=[^\W_])[^\w\s]+(?=[^\W_])")
_NAME_SEPARATOR = re.compile(
    r"\s(?:&|and|x|\+|with|w/)\s|[,;、]|\s/\s|&", re.IGNORECASE
)  # "vs" and "b2b" are no separators: a contest is another act than its members
_LONELY_AT = re.compile(r"(?<!\S)@(?!\S)")
_CLOCK = re.compile(r"\b(\d{1,2}) ?([ap])\.? ?m\b\.?")
_HANDLE_SUFFIX = re.compile(r"(?<=[^\W\d_]{3})official$")


def fold(text: str) -> str:
    """The text in one case, width and typography; accents of Latin letters dropped.

    Underscores are spaces, every dash is `-`. Marks of other scripts stay: they make other words.
    """
    plain = unicodedata.normalize("NFKC", html.unescape(text)).translate(_TYPOGRAPHIC).casefold()
    plain = plain.translate(_LETTERS_WITHOUT_DECOMPOSITION)
    if not plain.isascii():
        plain = _without_latin_accents(plain)
    return " ".join(_CLOCK.sub(r"\1\2m", plain).split())


def _without_latin_accents(text: str) -> str:
    kept: list[str] = []
    on_latin = False
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(char):
            on_latin = char.isascii()
            kept.append(char)
        elif not on_latin:
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def word_forms(folded: str) -> frozenset[Words]:
    """The ways a folded text may be written once its punctuation is lost; empty if it has no words.

    `don't hip-hop` gives `dont hiphop`, `dont hip hop` and `don t hip hop`; `&` may be `and` or
    nothing. Two texts may mean the same words if they share a form.
    """
    forms: set[Words] = set()
    for joined in _with_and_without_signs(folded):
        bare = joined.replace("'", "")
        forms.add(tuple(_WORD.findall(_INNER_MARK.sub("", joined))))
        forms.add(tuple(_WORD.findall(bare)))
        forms.add(tuple(_WORD.findall(joined)))
    forms.discard(())
    return frozenset(forms)


def longest_form(folded: str) -> Words:
    """The way to write it that has the most words; none if it has none."""
    return max(word_forms(folded), key=len, default=())


def _with_and_without_signs(folded: str) -> Iterator[str]:
    """`&` and a lonely `@` as the words they stand for, and gone."""
    if "&" not in folded and not _LONELY_AT.search(folded):
        yield folded
        return
    yield _LONELY_AT.sub(" at ", folded).replace("&", " and ")
    yield _LONELY_AT.sub(" ", folded).replace("&", " ")


def compact(folded: str) -> str:
    """A name without spaces, punctuation and leading article; the raw text if nothing is left."""
    words = _WORD.findall(folded.replace("&", " and "))
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    joined = "".join(words)
    return _HANDLE_SUFFIX.sub("", joined) or joined or folded.strip()


def run_together(folded: str) -> str:
    """All names of a list in one word, whatever stood between them: separators get lost.

    `a & b`, `a and b`, `a, b` and `a  b` are one.
    """
    return "".join(_WORD.findall(_NAME_SEPARATOR.sub(" ", f" {folded} ")))


def split_names(folded: str) -> frozenset[str]:
    """The single artists in a folded list of artists, each compact."""
    names = (compact(part) for part in _NAME_SEPARATOR.split(folded))
    return frozenset(name for name in names if name)
