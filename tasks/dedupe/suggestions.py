"""Pairs of titles that look alike and are not proved to be the same: for a person to look at.

Nothing acts on them. The old script merged by likeness and lost 7,374 items
(docs/facts/audio.md, "Titles").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from heapq import nlargest

from tasks.dedupe.matching import same_recording
from tasks.dedupe.titles import fold, longest_form
from tasks.dedupe.versions import canonical, telling

_ALIKE = 0.9
_COMMON = 50
"""A word that more titles share says nothing about a pair."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two keys whose titles look alike; `likeness` is from 0 to 1, `certain` if titles agree."""

    one: str
    other: str
    likeness: float
    certain: bool


def look_alikes(titles: Mapping[str, str], *, at_most: int = 50) -> list[Suggestion]:
    """The most alike pairs among `titles` (key to display title), the likeliest first.

    Pairs share most of their telling words, one of them such that fewer than 50 titles have it;
    different numbers or version words make a pair unlike. Titles that `same_recording` joins come
    first, as `certain`. 7,000 titles take about 2 s.
    """
    words = {key: _words(title) for key, title in titles.items()}
    found = (_suggestion(one, other, titles, words) for one, other in _pairs(words))
    wanted = (suggestion for suggestion in found if suggestion is not None)
    return nlargest(at_most, wanted, key=lambda s: (s.certain, s.likeness, s.one, s.other))


def _suggestion(
    one: str,
    other: str,
    titles: Mapping[str, str],
    words: Mapping[str, tuple[str, ...]],
) -> Suggestion | None:
    if same_recording(titles[one], titles[other]):
        return Suggestion(one, other, 1.0, certain=True)
    if _untelling(words[one]) != _untelling(words[other]):
        return None
    texts = SequenceMatcher(None, " ".join(words[one]), " ".join(words[other]), autojunk=False)
    if texts.real_quick_ratio() < _ALIKE or texts.quick_ratio() < _ALIKE:
        return None
    likeness = texts.ratio()
    return Suggestion(one, other, likeness, certain=False) if likeness >= _ALIKE else None


def _pairs(words: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Pairs of keys that share a rare telling word, each once."""
    tell = {key: frozenset(telling(spelled)) for key, spelled in words.items()}
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for key, told in tell.items():
        for word in told:
            sharing[word].append(key)
    seen: set[tuple[str, str]] = set()
    for keys in sharing.values():
        if len(keys) >= _COMMON:
            continue
        for place, one in enumerate(keys):
            for other in keys[place + 1 :]:
                if (one, other) not in seen and _share_most(tell[one], tell[other]):
                    seen.add((one, other))
                    yield one, other


def _share_most(one: frozenset[str], other: frozenset[str]) -> bool:
    """More than half of the shorter title's words; of two words, one (the other may be a slip)."""
    fewer = min(len(one), len(other))
    return fewer <= 2 or 2 * len(one & other) > fewer


def _words(title: str) -> tuple[str, ...]:
    return canonical(longest_form(fold(title)))


def _untelling(words: Sequence[str]) -> list[str]:
    """Numbers and version words, sorted: they must agree."""
    named = set(telling(tuple(words)))
    return sorted(word for word in words if word not in named)
