"""Names of files and folders: the same on every system, and never outside their folder."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.audio.names import file_stem, folder_name, same_name, with_suffix_id

CASES = [
    ("Four Tet", "Baby", "Four Tet - Baby"),
    ("", "Baby", "Baby"),
    ("Four Tet", "", "Four Tet - Untitled"),
    ("", "", "Untitled"),
    ("", "🔥🔥", "Untitled"),
    ("DJ 🔥 Fire", "Heat 🌡️ Up", "DJ Fire - Heat Up"),
    ("AC/DC", "T.N.T.", "AC-DC - T.N.T"),
    ("X", "Live: Berlin 12:30", "X - Live - Berlin 12-30"),
    ("X", 'Say "What"? <b> * | 100%', "X - Say 'What' b - 100"),
    ("X", "Rock &amp; Roll &#39;n&#39; &lt;x&gt;", "X - Rock & Roll 'n' x"),
    ("", "../../etc/passwd", "-..-etc-passwd"),
    ("", "..", "Untitled"),
    ("", ".hidden", "hidden"),
    ("", "CON", "_CON"),
    ("", "nul.tar", "_nul.tar"),
    ("", "com1", "_com1"),
    ("", "Concert", "Concert"),
    ("CON", "Track", "CON - Track"),
    ("X", "tab\tnew\nline\x00\x1b[31m", "X - tab new line[31m"),
    ("X", "evil\u202egpj.exe", "X - evilgpj.exe"),
    ("X", "zero\u200bwidth\ufeff", "X - zerowidth"),
    ("אמן", "שיר", "אמן - שיר"),
    ("X", "e\u0301tude", "X - \u00e9tude"),
    ("Four Tet", "Four Tet - Baby", "Four Tet - Baby"),
    ("four tet", "FOUR TET - Baby", "FOUR TET - Baby"),
    ("Some Artist", "Some Artist \u2013 Some Song", "Some Artist - Some Song"),
    ("Some Artist", "Some Artist \u2014 Some Artist - Some Song", "Some Artist - Some Song"),
    ("A", "evil.wav", "A - evil"),
    ("A", "A - evil.WAV.wav", "A - evil"),
    ("A", ".wav", "A - wav"),
    ("", "take.mp3", "take"),
    ("A", "Version 2.0", "A - Version 2.0"),
    ("X", "trailing dots... ", "X - trailing dots"),
    ("米津玄師", "感電", "米津玄師 - 感電"),
    ("X", "☀ sun", "X - ☀ sun"),
    ("X", "\u3164", "X - Untitled"),
]
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{n}" for name in ("com", "lpt") for n in "123456789"),
}


@pytest.mark.parametrize(("artist", "title", "stem"), CASES)
def test_stems(artist: str, title: str, stem: str) -> None:
    """The table of what becomes of artist and title."""
    assert file_stem(artist, title) == stem


@pytest.mark.parametrize(
    ("playlist", "folder"),
    [
        ("House", "House"),
        ("", "Unassigned"),
        ("..", "Unassigned"),
        ("/", "-"),
        ("/etc", "-etc"),
        ("a/../../b", "a-..-..-b"),
        (".git", "git"),
        ("🔥", "🔥"),
        ("C:\\Windows", "C--Windows"),
        ("AUX", "_AUX"),
        ("Deep  House. ", "Deep House"),
    ],
)
def test_folders(playlist: str, folder: str) -> None:
    """A playlist is one folder, whatever it is called."""
    assert folder_name(playlist) == folder


def assert_safe(name: str) -> None:
    """One component, on every system."""
    assert name
    assert len(name.encode()) <= 255
    assert not set(name) & set('/\\<>:"|?*\0')
    assert name == name.strip(" .") or name.startswith("_")
    assert not name.endswith((" ", "."))
    assert name not in (".", "..")
    assert name.split(".", 1)[0].strip().casefold() not in RESERVED
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in name)
    root = Path("/music/root")
    assert Path(os.path.normpath(root / name)).parent == root


nasty = st.text(
    st.one_of(st.characters(), st.sampled_from('./\\:*?"<>|%& \t\u202e\u200d🔥e\u0301;ampcon')),
    max_size=300,
)


@given(nasty, nasty)
def test_no_text_escapes(artist: str, title: str) -> None:
    """Any artist and title make one safe component, with every suffix, and stay so."""
    stem = file_stem(artist, title)
    assert_safe(stem)
    assert file_stem("", stem) == stem
    for suffix in (" [12345678901] (999).aiff", ".wav"):
        assert_safe(stem + suffix)
    assert_safe(with_suffix_id(stem, "0123456789abcdef0123456789abcdef") + " (999).aiff")


@given(nasty)
def test_no_playlist_escapes(playlist: str) -> None:
    """The same for folders."""
    name = folder_name(playlist)
    assert_safe(name)
    assert folder_name(name) == name


def test_a_long_artist_leaves_room_for_the_title() -> None:
    """Both parts stay recognisable, and no character is cut in two."""
    stem = file_stem("é" * 300, "音" * 300)
    assert stem.startswith("ééé")
    assert " - 音音音" in stem
    assert 180 < len(stem.encode()) <= 200
    assert file_stem("Someone", "x" * 300) == f"Someone - {'x' * 190}"


def test_tie_breakers_are_cleaned() -> None:
    """An id is text from outside as well."""
    assert with_suffix_id("A - B", "123") == "A - B [123]"
    assert with_suffix_id("A - B", "../x") == "A - B [-x]"
    assert with_suffix_id("A - B", "") == "A - B"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Song.wav", "SONG.WAV", True),
        ("\u00e9tude", "e\u0301TUDE", True),
        ("Straße", "STRASSE", True),
        ("Song", "Song 2", False),
        ("ete", "été", False),
    ],
)
def test_same_names(a: str, b: str, same: bool) -> None:
    """Case and the composition of accents do not tell files apart on macOS."""
    assert same_name(a, b) is same
