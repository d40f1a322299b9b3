"""What files, uploaders and shops hang on a title, and what each of it is worth.

A decoration is no part of the recording's name. Some carry a fact nevertheless (a copy's number, a
year, a guest, a label): such a `Mark` may be missing on one side, but two marks of one kind must
agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tasks.dedupe.titles import Words, longest_form, run_together, split_names
from tasks.dedupe.versions import ASIDE_WORDS, SERIES_WORDS, SMALL_WORDS, canonical, has_version


class MarkKind(StrEnum):
    """What a mark tells."""

    COPY = "copy"
    NUMBER = "number"
    YEAR = "year"
    TEMPO = "tempo"
    KEY = "key"
    LENGTH = "length"
    UPLOAD = "upload"
    GUEST = "guest"
    PRODUCER = "producer"
    LABEL = "label"
    CATALOGUE = "catalogue"
    TAG = "tag"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Mark:
    """One fact found beside the name; `values` are compact and comparable within the kind.

    `together` is a list of people in one word, for lists that lost their separators.
    """

    kind: MarkKind
    values: frozenset[str]
    together: str = ""


_EXTENSION = re.compile(r"\.(?:wave?|aiff?|aifc|mp3|m4a|mp4|flac|ogg|opus|aac|alac|wma)$")
_FILE = r"(?:wav|aiff?|mp3|m4a|flac|ogg|alac|320 ?kbps)"
_ONE_FORMAT = rf"(?:{_FILE}|lossless|16 ?bit|24 ?bit|\d\d(?:[.,]\d)? ?khz|320|hq|hd|4k)"
_FORMAT = rf"(?:{_ONE_FORMAT}(?:[\s/,]+{_ONE_FORMAT})*)"
_FREE = (
    r"(?:free ?(?:download|dl|d/l|track|release)s?!*|free|freedl|download|dl|"
    r"buy ?= ?free ?(?:dl|download))"
)
_VIDEO = (
    r"(?:official )?(?:(?:music |lyrics? |hd |4k )*(?:video(?: ?clip)?|audio|visuali[sz]er|mv)|"
    r"lyrics?)(?: hd| hq| 4k)?"
)
_PLAIN = (
    rf"(?:{_FORMAT}|{_FREE}|{_VIDEO}|official|original(?: (?:mix|version))?|enhanced|explicit|"
    r"master(?:ed)?|final master|ncs release|no copyright(?: music)?|copyright free|royalty free|"
    r"bonus track)"
)
_REMASTER = (
    r"(?:(?:19|20)\d\d (?:digital )?|digital(?:ly)? )?remaster(?:ed)?(?: version| edition| hd)?"
    r"(?: (?:in )?(?:19|20)\d\d)?(?: version)?"
)
_PROMOTION = (
    r"(?:(?:out (?:now|soon|today)|out (?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"release date|released on|out (?:on )?\d{1,2}(?:st|nd|rd|th)?[ ./]|buy for free|"
    r"coming soon|forthcoming|available (?:now|on)|(?:as )?(?:played|supported) by|"
    r"(?:free )?(?:download|dl) (?:on|at|in|via|from|link)|buy (?:on|now|link|here|it)|"
    r"click (?:here|buy|link)|link in)\b.*|exclusive|(?:.+ )?premiered?)"
)
_NOISE = re.compile(rf"(?:{_PLAIN}|{_REMASTER}|{_PROMOTION})[\s!.*~]*")
_BAR_NOISE = re.compile(
    rf"(?<=\S)\s*(?:\|+|\s//+\s)\s*(?:{_PLAIN}|{_REMASTER}|{_PROMOTION})[\s!.*~]*$"
)
_GUESTS = re.compile(r"(?:feat\.|ft\.|(?:feat|ft|featuring)\s|w/)\s*(.+)")
_PRODUCER = re.compile(r"(?:co-?)?prod(?:uced|uction)?(?:\.| by|\. by)*\s+(?:by\s+)?(.+)")
_LABEL = re.compile(r".+\s(?:records?|recordings|recs|release|label|trax|music group)")
_CATALOGUE = re.compile(r"(?!\D*(?:19|20)\d\d$)([a-z]{2,8})-?(\d{3,4})([a-z]?)")
_SHORT_CATALOGUE = re.compile(r"([a-z]{2,8})-?(\d\d)([a-z]?)")
_FACTS = (
    (MarkKind.COPY, re.compile(r"(?:copy ?)?(\d)|(copy)")),
    (MarkKind.YEAR, re.compile(r"((?:19|20)\d\d)")),
    (MarkKind.UPLOAD, re.compile(r"(\d{6,})")),
    (MarkKind.TEMPO, re.compile(r"(\d{2,3})(?:[.,]\d+)? ?bpm|bpm ?(\d{2,3})")),
    (MarkKind.KEY, re.compile(r"((?:1[0-2]|0?[1-9])[abdm])")),
    (MarkKind.LENGTH, re.compile(r"(\d{1,3}:\d\d(?::\d\d)?)")),
    (MarkKind.COUNTRY, re.compile(r"(us|usa|uk|fr|nl|br|au|jp|ger|ita|esp|bra|swe)")),
)
_KEY_AND_TEMPO = re.compile(r"^\s*((?:1[0-2]|0?[1-9])[abdm])\s*[-/|,]?\s+(\d{2,3})\s*$")
_PIECE = re.compile(r"\s+[-|/•·]\s+|\s*\|\s*|\s+//\s+|\s*[•·]\s*|,\s+(?=(?:19|20)\d\d$)")

_NOW = r"(?:(?<=[.~*|/<>!:=,-])|(?<=[.~*|/<>!:=,-]\s))(?:out|available) now!*"
_END_NOISE = re.compile(
    r"(?<=\S)(?:[\s.~*|/<>!:=,-]+)(?:enhanced|"
    rf"{_FILE}|free ?(?:download|dl)|freedl|{_NOW}|official (?:music )?video|"
    r"official audio|(?:official )?lyrics? video|original mix|"
    r"(?:digital(?:ly)? )?remaster(?:ed)?(?: (?:19|20)\d\d)?|"
    r"(?:19|20)\d\d (?:digital )?remaster(?:ed)?(?: version)?)[\s!.*~<>-]*$"
)
_END_COPY = re.compile(r"(?P<before>[^\W_]+|[^\w\s])\s*(?P<copy>(?:\.\d{1,2}){2,3}|\.1)$")
_NUMBERED = frozenset({"v", "ver", "version", "no", "part", "pt", "vol", "volume", "mix", "op"})
_UNTIL = r"[^()\[\]\0]+?)\s*(?=\0|$)"
_END_GUESTS = re.compile(
    rf"\s(?:feat\.?|ft\.?|featuring)\s+(?P<who>{_UNTIL}|\sw/\s*(?P<also>{_UNTIL}"
)
_END_PRODUCER = re.compile(rf"\s\(?prod(?:\.|uced by| by|\. by)\s*(?:by\s+)?(?P<who>{_UNTIL}")

_SEGMENT_NOISE = re.compile(
    rf"(?:{_REMASTER}|free ?(?:download|dl)|original (?:mix|version)|"
    r"official (?:music |lyrics? )?(?:video|audio|visuali[sz]er)|lyrics? video|copy(?: ?\d)?)"
    r"[\s!.*~]*"
)
_THIRD_NOISE = re.compile(
    r"(?:(?:out|available) (?:now|soon)|enhanced|premiere|exclusive|original)[\s!.*~]*"
)
_START_NOISE = re.compile(
    r"^(?:(?:[^\W_][\w.&' ]{0,24} )?(?:premi[eè]re|exclusive)\s*[:|]+|premi[eè]re\s+-|"
    r"premi[eè]re\s+(?=\S.* - \S)|"
    r"(?:free ?(?:download|dl)|freedl|exclusive|out now|official (?:music )?video|first listen|"
    r"first play|listen|new music|track of the day|video|audio)\s*[:|]+)\s*(?=\S)"
)
_START_NUMBER = re.compile(
    r"^(?:(\d{1,3})\s*\.\s+|(0\d{1,2})\s*[-)]?\s+|(\d{2})\s+-\s+(?=.+ - )|"
    r"([a-d]\d)\s*(?:\.\s+|-\s+(?=.+ - )))(?=\S)"
)


def is_decoration(segment: str, *, third: bool) -> bool:
    """True for a folded last segment that can be nothing but a decoration (`… - Original Mix`).

    `Out Now` can be a title, so it counts only behind artist and title, as the `third`.
    """
    if third and _THIRD_NOISE.fullmatch(segment):
        return True
    return _SEGMENT_NOISE.fullmatch(segment) is not None


def strip_bar(folded: str) -> str:
    """The text without a decoration behind a bar at its end (`… | OUT NOW`)."""
    return _BAR_NOISE.sub("", folded)


def strip_extension(folded: str) -> str:
    """The name without an audio file's extensions; a name that is only an extension stays."""
    shorter = _EXTENSION.sub("", folded).rstrip()
    while shorter and shorter != folded:
        folded, shorter = shorter, _EXTENSION.sub("", shorter).rstrip()
    return folded


def strip_start(folded: str) -> tuple[str, list[Mark]]:
    """The text without `Premiere:` and the like, and the running number it began with."""
    previous = ""
    while previous != folded:
        previous, folded = folded, _START_NOISE.sub("", folded)
    number = _START_NUMBER.match(folded)
    if number is None:
        return folded, []
    value = next(group for group in number.groups() if group)
    return folded[number.end() :], [_mark(MarkKind.NUMBER, value)]


def strip_end(folded: str) -> tuple[str, list[Mark]]:
    """The text without file suffixes, guests and producers at its end; a NUL ends a guest's name.

    At least one word stays. Guests whose "name" holds a version word or a number stay in the text,
    because there a bracket was lost: `song feat. x y remix`.
    """
    marks: list[Mark] = []
    previous = ""
    while previous != folded:
        previous = folded
        folded = strip_extension(_END_NOISE.sub("", folded)).rstrip()
        folded = _strip_copy(folded, marks)
        folded = _strip_people(folded, _END_GUESTS, MarkKind.GUEST, marks)
        folded = _strip_people(folded, _END_PRODUCER, MarkKind.PRODUCER, marks)
    return folded, marks


def _strip_copy(folded: str, marks: list[Mark]) -> str:
    found = _END_COPY.search(folded)
    if found is None or found["before"][-1:].isdigit():
        return folded
    is_copy_of_copy = found["copy"].count(".") > 1 and found["before"] not in _NUMBERED
    if _is_counted(found["before"]) and not is_copy_of_copy:
        return folded
    marks.append(_mark(MarkKind.COPY, found["copy"].lstrip(".")))
    return folded[: found.start("copy")]


def _strip_people(folded: str, pattern: re.Pattern[str], kind: MarkKind, marks: list[Mark]) -> str:
    found = pattern.search(folded)
    if found is None or not folded[: found.start()].strip(" \0"):
        return folded
    if folded[: found.start()].rstrip()[-1:].isdigit() and found[0].lstrip().startswith("ft"):
        return folded  # six feet
    who = next(group for group in found.groups() if group)
    if has_version(canonical(longest_form(who))) or any(char.isdigit() for char in who):
        return folded
    marks.append(_people(kind, who))
    return folded[: found.start()] + folded[found.end() :]


def read_bracket(content: str, *, square: bool, before: Words) -> tuple[str, list[Mark]]:
    """What of a bracket's folded content belongs to the name (may be ""), and the marks in it.

    `before` are the words in front of the bracket: after `part` a number is no copy's number, and
    the year of a set, a show or a mix tells it from last year's.
    """
    kept: list[str] = []
    marks: list[Mark] = []
    content = _KEY_AND_TEMPO.sub(r"\1 - \2 bpm", content)
    for piece in _PIECE.split(content):
        read = _read_piece(piece.strip(" -*~!"), square=square, before=before)
        if isinstance(read, Mark):
            marks.append(read)
        elif read:
            stripped, found = strip_end(f" {read}")
            kept.append(stripped.strip())
            marks.extend(found)
    return " ".join(kept), marks


def _read_piece(piece: str, *, square: bool, before: Words) -> Mark | str | None:
    words = canonical(longest_form(piece))
    if not words or _NOISE.fullmatch(piece):
        return None
    for pattern, kind in ((_GUESTS, MarkKind.GUEST), (_PRODUCER, MarkKind.PRODUCER)):
        people = pattern.fullmatch(piece)
        if people is not None and _may_be_people(people[1]):
            return _people(kind, people[1])
    for fact in _facts(piece):
        return piece if _numbers_a_series(fact, before) else fact
    if has_version(words):
        return piece
    if _LABEL.fullmatch(piece):
        return _mark(MarkKind.LABEL, "".join(words))
    number = _CATALOGUE.fullmatch(piece) or (square and _SHORT_CATALOGUE.fullmatch(piece))
    if number:
        return _mark(MarkKind.CATALOGUE, f"{number[1]}{int(number[2])}{number[3]}")
    if square and not any(word.isdigit() or word in ASIDE_WORDS for word in words):
        return _mark(MarkKind.TAG, "".join(words))
    return piece


def _may_be_people(folded: str) -> bool:
    """False for `with you`, and where a version or a number is meant rather than a name."""
    words = canonical(longest_form(folded))
    return not has_version(words) and not all(
        word in SMALL_WORDS or word.isdigit() for word in words
    )


def _numbers_a_series(fact: Mark, before: Words) -> bool:
    if fact.kind is MarkKind.COPY:
        return before[-1:] == () or _is_counted(before[-1])
    return fact.kind is MarkKind.YEAR and any(word in SERIES_WORDS for word in before)


def _is_counted(word: str) -> bool:
    """True if a number behind `word` tells one of several: `part`, `sketches`, `untitled`."""
    singulars = (word, word.removesuffix("s"), word.removesuffix("es"))
    return any(singular in SERIES_WORDS for singular in singulars)


def _facts(piece: str) -> Iterator[Mark]:
    for kind, pattern in _FACTS:
        found = pattern.fullmatch(piece)
        if found is not None:
            yield _mark(kind, next((group for group in found.groups() if group), piece))


def _people(kind: MarkKind, folded: str) -> Mark:
    return Mark(kind, split_names(folded), run_together(folded))


def _mark(kind: MarkKind, value: str) -> Mark:
    return Mark(kind, frozenset({value}))
