"""The judgement on titles alone, on labelled pairs: it may miss, it must never join two recordings.

All names are invented or generic. Every pair is judged both ways.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.dedupe.matching import same_recording


def _pairs(name: str) -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "pairs" / name).read_text("utf-8").splitlines()
    return [(a, b) for a, b in (line.split("	") for line in lines)]


@pytest.mark.parametrize(("a", "b"), _pairs("same.tsv"))
def test_the_same_recording_is_recognised(a: str, b: str) -> None:
    assert same_recording(a, b)
    assert same_recording(b, a)


@pytest.mark.parametrize(("a", "b"), _pairs("different.tsv"))
def test_different_recordings_are_never_joined(a: str, b: str) -> None:
    assert not same_recording(a, b)
    assert not same_recording(b, a)


NAMES = ["Mara Lune", "Teo Varr", "Ada", "佐藤", "Мара", "Sørmark", "AB/CD"]
TITLES = ["Glass Harbour", "Cold Tide Rising", "Don't Look Down", "夜の港", "Ночной порт", "Intro"]
DECORATIONS = [
    "{} (WAV)", "{} Enhanced", "{}.1.2", "{} (1)", "{} [Official Video]", "{} [Free DL]", "{}.aiff",
    "Premiere: {}", "{} (Original Mix)", "{} (Remastered)",
]  # fmt: skip
VERSIONS = [
    "Remix", "Ada Remix", "VIP", "Edit", "Instrumental", "Live", "Acoustic", "Dub", "Part 2",
    "Extended Mix", "Radio Edit", "Bootleg", "Boro Flip", "Rework", "Acapella", "Demo", "Preview",
]  # fmt: skip


def _reduced(name: str) -> str:
    """As another program of the owner's named files: letters, digits, spaces and hyphens stay."""
    return re.sub(r"[^A-Za-z0-9 -]", "", name).strip()


@pytest.mark.parametrize(
    "name",
    [
        "Still Get Like That (ft. Project Pat & Starrah)",
        "Mara Lune & Ada - Cold Tide, Rising! (Boro's Remix) [Free DL]",
        "Mara Lune - Don't Look Down (feat. Ada, Boro & Cia) [Club Mix]",
        "A$AP Lune - What's Up? (Live @ Pier 9)",
    ],
)
def test_a_name_that_lost_its_signs_is_the_same(name: str) -> None:
    assert same_recording(name, _reduced(name))


@given(
    st.sampled_from(NAMES),
    st.sampled_from(TITLES),
    st.lists(st.sampled_from(DECORATIONS), max_size=3, unique=True),
)
def test_decorations_in_any_order_change_nothing(name: str, title: str, worn: list[str]) -> None:
    plain = f"{name} - {title}"
    decorated = plain
    for decoration in worn:
        decorated = decoration.format(decorated)
    assert same_recording(plain, decorated)


@given(
    st.sampled_from(NAMES),
    st.sampled_from(TITLES),
    st.sampled_from(VERSIONS),
    st.sampled_from(["{} ({})", "{} [{}]", "{} - {}", "{} {}"]),
    st.sampled_from(DECORATIONS),
)
def test_a_version_word_always_makes_another_recording(
    name: str, title: str, version: str, form: str, decoration: str
) -> None:
    plain = f"{name} - {title}"
    assert not same_recording(plain, decoration.format(form.format(plain, version)))
    assert not same_recording(title, form.format(title, version))


@given(st.sampled_from(TITLES), st.permutations(VERSIONS))
def test_two_versions_are_two_recordings(title: str, versions: list[str]) -> None:
    one, other = versions[:2]
    assert not same_recording(f"Mara Lune - {title} ({one})", f"Mara Lune - {title} ({other})")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_gets_a_symmetric_answer(a: str, b: str) -> None:
    assert same_recording(a, b) == same_recording(b, a)


@pytest.mark.parametrize("piece", ["(feat. a b) ", "(", " free dl", "a - ", ".wav", "prod. by "])
def test_absurdly_long_texts_are_answered_at_once(piece: str) -> None:
    """A pasted description must not stall a run."""
    began = time.process_time()
    for length in (400, 40_000):
        text = (piece * length)[:length]
        assert not same_recording(text, f"Mara Lune - {text} Remix"[:length])
    assert time.process_time() - began < 2
