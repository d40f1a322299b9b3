"""The same edit of the same recording, by Chromaprint's words, length and offset."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tasks.audio.fingerprint import (
    WORD_SECONDS,
    AcousticFingerprint,
    compare,
    parse_fpcalc,
    same_audio,
)
from tasks.errors import ConversionError

RANDOM = np.random.default_rng(5)


def words(count: int) -> np.ndarray:
    return RANDOM.integers(0, 1 << 32, count, dtype=np.uint32)


def noisy(clean: np.ndarray, share: float) -> np.ndarray:
    """The words with this share of their bits turned."""
    turned = RANDOM.random((len(clean), 32)) < share
    return clean ^ np.packbits(turned, axis=1, bitorder="little").view(np.uint32).ravel()


SONG = words(948)


def fingerprint(some: np.ndarray, seconds: float = 300.0) -> AcousticFingerprint:
    return AcousticFingerprint(some, seconds)


def test_the_error_rate_is_the_share_of_bits() -> None:
    """Counted against a plain count of the bits."""
    other = noisy(SONG, 0.05)
    expected = sum(int(a ^ b).bit_count() for a, b in zip(SONG, other, strict=True)) / (948 * 32)
    match = compare(fingerprint(SONG), fingerprint(other))
    assert match.bit_error_rate == pytest.approx(expected)
    assert match.offset_seconds == 0
    assert compare(fingerprint(SONG), fingerprint(words(948))).bit_error_rate > 0.4


@pytest.mark.parametrize("shift", [-40, -16, 16, 40])
def test_the_offset_is_found_with_its_sign(shift: int) -> None:
    """Positive if the second begins its music later."""
    late = np.concatenate([words(abs(shift)), SONG])[:948]
    pair = (fingerprint(SONG), fingerprint(late))
    match = compare(*pair) if shift > 0 else compare(*reversed(pair))
    assert match.bit_error_rate == 0
    assert match.offset_seconds == pytest.approx(shift * WORD_SECONDS)
    assert same_audio(*pair) is (abs(shift) == 16)


@pytest.mark.parametrize(
    ("share", "seconds", "same"),
    [
        (0.0, 300.0, True),
        (0.063, 300.9, True),
        (0.0, 301.1, False),
        (0.0, 30.0, False),
        (0.2, 300.0, False),
    ],
)
def test_an_edit_or_a_preview_is_not_the_same(share: float, seconds: float, same: bool) -> None:
    """Equal bits with another length are another edit."""
    assert same_audio(fingerprint(SONG), fingerprint(noisy(SONG, share), seconds)) is same


def test_jingles_are_never_the_same() -> None:
    """Less than 20 s prove nothing, not even equal words."""
    short = fingerprint(SONG[:149], 19)
    assert compare(short, short) == (1.0, 0.0)
    assert not same_audio(short, short)
    assert not same_audio(fingerprint(SONG[:0]), fingerprint(SONG[:0]))


def test_fpcalc_is_read_as_text_and_as_json() -> None:
    """Both forms of `fpcalc -raw`, signed words too."""
    text = parse_fpcalc("FILE=/x.wav\nDURATION=300\nFINGERPRINT=1,4294967295,-2\n")
    plain = parse_fpcalc(json.dumps({"duration": 300.5, "fingerprint": [1, 4294967295, -2]}))
    for parsed in (text, plain):
        assert parsed.words.dtype == np.uint32
        assert parsed.words.tolist() == [1, 4294967295, 4294967294]
    assert (text.seconds, plain.seconds) == (300, 300.5)


@pytest.mark.parametrize(
    "output", ["", "ERROR: x", "{", "[]", "DURATION=3\nFINGERPRINT=AQAD", '{"duration": 3}']
)
def test_other_output_is_an_error(output: str) -> None:
    """Not a fingerprint, and the remedy says it is optional."""
    with pytest.raises(ConversionError) as caught:
        parse_fpcalc(output)
    assert "optional" in caught.value.remedy
