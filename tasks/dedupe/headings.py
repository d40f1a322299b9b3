"""A display title taken apart: segments, brackets, marks, and the ways to read them.

`Artist - Title (X Remix)`, `Label - Artist - Title`, `Title - Radio Edit`, `Title by Artist`: which
part is the artist cannot be known from the text, so a heading has several `Reading`s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from tasks.dedupe.decorations import (
    Mark,
    MarkKind,
    is_decoration,
    read_bracket,
    strip_bar,
    strip_end,
    strip_extension,
    strip_start,
)
from tasks.dedupe.titles import Words, compact, fold, longest_form, split_names, word_forms
from tasks.dedupe.versions import (
    REMIX_WORDS,
    canonical,
    has_version,
    is_name,
    rewrite_credits,
)

_BRACKET = re.compile(r"([(\[{【<])([^()\[\]{}【】<>]*)[)\]}】>]")
_UNCLOSED = re.compile(r"([(\[{【])([^()\[\]{}【】]*)$")
_PLACE = re.compile("\0(\\d+)\0")
_DIVIDER = re.compile(r"\s+-+\s*|\s*-+\s+|\s*\|+\s*|\s+//+\s+|\s+~+\s+")
_LONGEST = 5
_LONGEST_TITLE = 400
_RUNNING_NUMBER = re.compile(r"\d{1,2}")
_NAME_THEN_GUEST = re.compile(r"\s(?:feat|ft|featuring|w/)\.?\s")


@dataclass(frozen=True, slots=True)
class Segment:
    """One part between dividers: its text with kept brackets in place, and taken apart."""

    line: str
    base: str
    brackets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a heading; `names` are compact artists, empty where none is named.

    `works` holds the ways to write title and version; two readings name the same work if any is
    equal. `remixers` are the artists named by a bracketed remix. `partial` tells that a segment in
    front (a label, an uploader) was left out, `swapped` that the artist is taken to stand last.
    """

    names: frozenset[str]
    works: frozenset[Words]
    remixers: frozenset[str] = frozenset()
    partial: bool = False
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A display title taken apart; `whole` holds the ways to write all of it as words.

    `raw` holds those with every bracket's words in place; `guests` the guests in one word.
    """

    segments: tuple[Segment, ...]
    marks: dict[MarkKind, frozenset[str]] = field(default_factory=dict)
    whole: frozenset[Words] = frozenset()
    raw: frozenset[Words] = frozenset()
    guests: str = ""
    readings: tuple[Reading, ...] = ()


def read_heading(text: str) -> Heading:
    """The heading of a display title; one without words has no segments and no readings.

    A text of more than 400 characters is no title: it is only compared as a whole.
    """
    if len(text) > _LONGEST_TITLE:
        return Heading((), whole=_forms([fold(text)]))
    folded, marks = strip_start(strip_extension(fold(text)))
    folded, brackets = _take_brackets(rewrite_credits(folded))
    folded = strip_bar(folded)
    folded, number = strip_start(_drop_leading_tags(folded, brackets, marks))
    marks += number
    segments = _segments(folded, brackets, marks)
    raw = _forms([strip_extension(fold(text))])
    return Heading(
        segments,
        marks=_collect(marks),
        whole=_forms([segment.line for segment in segments]) | raw,
        raw=raw,
        guests="".join(mark.together for mark in marks if mark.kind is MarkKind.GUEST),
        readings=tuple(_readings(segments)),
    )


def _take_brackets(folded: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with each bracket as a numbered place, and the (opener, content) of each."""
    taken: list[tuple[str, str]] = []

    def place(found: re.Match[str]) -> str:
        taken.append((found[1], found[2]))
        return f" \0{len(taken) - 1}\0 "

    previous = ""
    while previous != folded:
        previous, folded = folded, _BRACKET.sub(place, folded)
    return _UNCLOSED.sub(place, folded), taken


def _drop_leading_tags(folded: str, brackets: Sequence[tuple[str, str]], marks: list[Mark]) -> str:
    """The text without brackets that stand before everything else and hold no version."""
    while found := re.match("\\s*\0(\\d+)\0\\s*(?=\\S)", folded):
        opener, content = brackets[int(found[1])]
        kept, inside = read_bracket(_PLACE.sub(" ", content), square=opener in "[【", before=())
        if kept:
            break
        marks.extend(inside)
        folded = folded[found.end() :]
    return folded.strip()


def _segments(
    folded: str, brackets: Sequence[tuple[str, str]], marks: list[Mark]
) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for part in _DIVIDER.split(folded):
        inner: list[Mark] = []
        segment = _segment(part, brackets, inner)
        marks.extend(inner)
        if word_forms(segment.line) and (not found or segment.line != found[-1].line):
            found.append(segment)
    for middle in found[1:-1]:
        if _RUNNING_NUMBER.fullmatch(middle.line):
            found.remove(middle)
            marks.append(Mark(MarkKind.NUMBER, frozenset({middle.line.lstrip("0")})))
    while len(found) > 1 and is_decoration(found[-1].line, third=len(found) > 2):
        found.pop()
    return tuple(found)


def _segment(part: str, brackets: Sequence[tuple[str, str]], marks: list[Mark]) -> Segment:
    if is_decoration(part.strip(), third=False):
        return Segment(part.strip(), part.strip(), ())
    line, found = strip_end(f" {part}")
    marks.extend(found)
    kept: list[str] = []
    base = _PLACE.sub(" ", line)

    def fill(place: re.Match[str]) -> str:
        opener, content = brackets[int(place[1])]
        before = longest_form(_PLACE.sub(" ", line[: place.start()]))
        text, inside = read_bracket(_PLACE.sub(" ", content), square=opener in "[【", before=before)
        marks.extend(inside)
        inner = [fill(nested) for nested in _PLACE.finditer(content)]
        if text:
            kept.append(text)
        return " ".join([text, *inner])

    line = _PLACE.sub(fill, line)
    line, after = strip_end(f" {line}")
    base, _ = strip_end(f" {base}")
    marks.extend(after)
    return Segment(" ".join(line.split()), " ".join(base.split()), tuple(kept))


def _collect(marks: Iterable[Mark]) -> dict[MarkKind, frozenset[str]]:
    grouped: dict[MarkKind, frozenset[str]] = {}
    for mark in marks:
        grouped[mark.kind] = grouped.get(mark.kind, frozenset()) | mark.values
    return grouped


def _forms(lines: Sequence[str]) -> frozenset[Words]:
    """The ways to write the lines in a row, in canonical words."""
    found = (canonical(words) for words in word_forms(" ".join(lines)))
    return frozenset(words for words in found if words)


def _readings(segments: Sequence[Segment]) -> Iterable[Reading]:
    if not segments:
        return
    if len(segments) == 1:
        yield _reading("", segments)
        yield from _by_reading(segments[0])
        return
    yield _reading(segments[0].base, segments[1:], segments[0].brackets)
    for cut in range(2, min(len(segments), _LONGEST)):
        if not _tells_version(segments[cut].base):
            yield replace(
                _reading(segments[cut - 1].base, segments[cut:], segments[cut - 1].brackets),
                partial=True,
            )
    if _tells_version(segments[-1].line):
        yield _reading("", segments)
    elif len(segments) == 2 and all(len(longest_form(segment.base)) > 1 for segment in segments):
        yield replace(_reading(segments[1].base, segments[:1], segments[1].brackets), swapped=True)


def _tells_version(line: str) -> bool:
    return has_version(canonical(longest_form(line)))


def _by_reading(segment: Segment) -> Iterable[Reading]:
    title, divider, artist = segment.base.rpartition(" by ")
    who = longest_form(artist)
    if divider and len(longest_form(title)) + len(who) > 2 and is_name(who):
        yield _reading(artist, [Segment(title, title, segment.brackets)], segment.brackets)


def _reading(artist: str, segments: Sequence[Segment], brackets: tuple[str, ...] = ()) -> Reading:
    kept = [*brackets, *chain.from_iterable(segment.brackets for segment in segments)]
    lines = [segment.line for segment in segments]
    in_order = _forms([*lines, *brackets])
    sorted_ = _forms([*(segment.base for segment in segments), *sorted(map(_version_key, kept))])
    who = _NAME_THEN_GUEST.split(artist)[0] if artist else ""
    return Reading(split_names(who) if who else frozenset(), in_order | sorted_, _remixers(kept))


_EXTENDED_LAST = re.compile(rf"(.+) ({'|'.join(sorted(REMIX_WORDS))}) extended(?: mix| version)?")


def _version_key(bracket: str) -> str:
    """A bracket in one order: `B & A Extended Remix`, `A & B Remix Extended` as `extended a b
    remix`.
    """
    if last := _EXTENDED_LAST.fullmatch(bracket):
        bracket = f"{last[1]} extended {last[2]}"
    words = canonical(longest_form(bracket))
    if not words or words[-1] not in REMIX_WORDS or len(words) == 1:
        return " ".join(words)
    head = bracket.rpartition(" ")[0]
    extended = "extended " if head.endswith(" extended") else ""
    head = head.removesuffix(" extended")
    return extended + " ".join([*sorted(split_names(head)), words[-1]])


def _remixers(brackets: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for bracket in brackets:
        head, _, last = bracket.rpartition(" ")
        if head and canonical((last,))[:1] and canonical((last,))[0] in REMIX_WORDS:
            found |= split_names(head.removesuffix(" extended"))
    return frozenset(found)


def artist_names(artist: str) -> frozenset[str]:
    """The compact names in an artist's field, guests and all."""
    folded = fold(artist)
    return frozenset(
        chain.from_iterable(split_names(part) for part in _NAME_THEN_GUEST.split(folded))
    ) - {compact("")}
