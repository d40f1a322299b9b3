"""Do two display titles name the same recording?

The judgement may miss, it must never join two different recordings
(docs/facts/audio.md, "Titles"). So nothing here is a score: words are equal or they are not, a
version word more is another recording, and an artist may be missing only where the title alone
points to one recording.
"""

from __future__ import annotations

from functools import lru_cache

from tasks.dedupe.decorations import MarkKind
from tasks.dedupe.headings import Heading, Reading, read_heading
from tasks.dedupe.titles import Words, longest_form
from tasks.dedupe.versions import canonical, is_distinct, is_name, version_words

_MUST_AGREE = (
    MarkKind.NUMBER,
    MarkKind.YEAR,
    MarkKind.TEMPO,
    MarkKind.KEY,
    MarkKind.LENGTH,
    MarkKind.UPLOAD,
    MarkKind.TAG,
    MarkKind.PRODUCER,
    MarkKind.COUNTRY,
    MarkKind.CATALOGUE,
)

_read = lru_cache(maxsize=4096)(read_heading)


def same_recording(a: str, b: str) -> bool:
    """True if both display titles, with or without artist, can only mean the same recording.

    Symmetric. Texts without letters or digits, and bare `Intro` or `Untitled`, never match.
    """
    first, second = _read(a), _read(b)
    if not _marks_agree(first, second):
        return False
    tagged = MarkKind.TAG in first.marks.keys() ^ second.marks.keys()
    if _same_whole(first, second) and not (tagged and len(first.segments) == 1):
        return True
    if tagged and _same_words(first, second):
        return True
    return any(
        _same_reading(one, other, first, second)
        and not (tagged and not (one.names and other.names))
        for one in first.readings
        for other in second.readings
    )


def same_version(a: str, b: str) -> bool:
    """True if two titles do not contradict each other on the version: a veto, no proof.

    For recordings that sound alike: `(Clean)` and `(Dirty)` do, and `Episode 12` may begin as
    `Episode 13` does.
    """
    first, second = _read(a), _read(b)
    return _marks_agree(first, second) and _versions(first) == _versions(second)


def _versions(heading: Heading) -> frozenset[str]:
    lines = (longest_form(part.line) for part in heading.segments)
    return version_words(tuple(word for words in lines for word in canonical(words)))


def _same_whole(first: Heading, second: Heading) -> bool:
    shared = first.whole & second.whole
    if len(first.segments) > 1 or len(second.segments) > 1:
        return bool(shared)
    return any(is_name(words) for words in shared)


def _same_words(first: Heading, second: Heading) -> bool:
    """True if every word is the same, in one order: only brackets and signs differ."""
    return any(is_name(words) for words in first.raw & second.raw)


def _same_reading(one: Reading, other: Reading, first: Heading, second: Heading) -> bool:
    shared = one.works & other.works
    if not shared or (one.partial and other.partial) or (one.swapped and other.swapped):
        return False
    if one.names and other.names:
        return _same_artists(one, other, first, second, shared)
    if not one.names and not other.names:
        return any(is_name(words) for words in shared)
    swapped = one.swapped or other.swapped
    return not swapped and any(is_distinct(words) for words in shared)


def _same_artists(
    one: Reading, other: Reading, first: Heading, second: Heading, shared: frozenset[Words]
) -> bool:
    if one.names == other.names or one.swapped or other.swapped:
        return one.names == other.names
    everyone = one.names | first.marks.get(MarkKind.GUEST, frozenset())
    everyone_else = other.names | second.marks.get(MarkKind.GUEST, frozenset())
    if one.names & other.names and everyone == everyone_else:
        return True
    if not any(is_distinct(words) for words in shared):
        return False
    if one.names & other.names and (everyone <= everyone_else or everyone_else <= everyone):
        return True
    remixers = one.remixers & other.remixers
    return bool(remixers and (one.names <= remixers or other.names <= remixers))


def _marks_agree(first: Heading, second: Heading) -> bool:
    for kind in _MUST_AGREE:
        mine, theirs = first.marks.get(kind), second.marks.get(kind)
        if mine and theirs and mine != theirs:
            return False
    return _copies_agree(first, second) and _guests_agree(first, second)


def _copies_agree(first: Heading, second: Heading) -> bool:
    """Two numbered copies may be two numbers of a series; `.1` and `.1.2` are copies of copies."""
    mine = first.marks.get(MarkKind.COPY, frozenset())
    theirs = second.marks.get(MarkKind.COPY, frozenset())
    if not mine or not theirs or mine & theirs:
        return True
    return all("." in value for value in mine | theirs)


def _guests_agree(first: Heading, second: Heading) -> bool:
    mine = first.marks.get(MarkKind.GUEST, frozenset())
    theirs = second.marks.get(MarkKind.GUEST, frozenset())
    if not mine or not theirs or mine <= theirs or theirs <= mine:
        return True
    return first.guests == second.guests
