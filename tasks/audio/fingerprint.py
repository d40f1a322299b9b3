"""Acoustic fingerprints (Chromaprint's): is this the same recording, and the same edit of it?

Different recordings differ in at least .399 of the bits, the same one in at most .063 after any
encoding; but a shorter edit has the same bits too, so length and offset decide as well
(docs/facts/audio.md, "Fingerprints"). Two episodes of a show may share a minute of introduction and
their length: so each 20 s must be alike, not the whole on average. Running `fpcalc -raw` is the
stage's.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.audio.recording import is_length_right
from tasks.errors import ConversionError

WORD_SECONDS = 4096 / 3 / 11025
"""Chromaprint takes a 32-bit word every third of a 4096-sample window at 11,025 Hz."""

SMALLEST_OVERLAP = 150
"""Words (about 20 s); shorter jingles gave false likeness."""

_WIDEST_SHIFT = 90
_SAME_BITS, _SAME_OFFSET_SECONDS = 0.15, 2.0
_SAME_BITS_IN_A_PART = 0.30
_BITS_SET = np.array([bin(number).count("1") for number in range(1 << 16)], dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class AcousticFingerprint:
    """`words` as fpcalc gives them (uint32), `seconds` the whole track's length."""

    words: NDArray[np.uint32]
    seconds: float


class Comparison(NamedTuple):
    """The share of differing bits at the best offset (0 same, .5 unrelated), and that offset:
    positive if the second begins its music later."""

    bit_error_rate: float
    offset_seconds: float


def find_fpcalc() -> str | None:
    """Where Chromaprint's `fpcalc` is on this machine; None where it is not installed."""
    return shutil.which("fpcalc")


def parse_fpcalc(output: str) -> AcousticFingerprint:
    """Read what `fpcalc -raw` printed, as text or with `-json`.

    Raises: ConversionError if it is not that.
    """
    try:
        fields = _json_fields(output) if output.lstrip().startswith("{") else _text_fields(output)
        words = np.array([word % (1 << 32) for word in fields["fingerprint"]], dtype=np.uint32)
        return AcousticFingerprint(words, float(fields["duration"]))
    except (KeyError, ValueError, TypeError) as error:
        raise ConversionError(
            "fpcalc did not print a raw fingerprint.",
            remedy="Install a current chromaprint, or remove fpcalc: it is optional.",
        ) from error


def compare(a: AcousticFingerprint, b: AcousticFingerprint) -> Comparison:
    """The best match within 11 s to either side; (1.0, 0.0) if less than 20 s can be compared."""
    best = Comparison(1.0, 0.0)
    for shift in sorted(range(-_WIDEST_SHIFT, _WIDEST_SHIFT + 1), key=abs):
        different = _different_bits(a, b, shift)
        if len(different) < SMALLEST_OVERLAP:
            continue
        rate = _rate(different)
        if rate < best.bit_error_rate:
            best = Comparison(rate, shift * WORD_SECONDS)
    return best


def is_same_music(match: Comparison) -> bool:
    """True if the bits are those of one recording; it may be another edit of it."""
    return match.bit_error_rate < _SAME_BITS


def same_audio(a: AcousticFingerprint, b: AcousticFingerprint) -> bool:
    """True if both are the same edit of the same recording, in whatever encoding."""
    if not is_length_right(a.seconds, b.seconds):
        return False
    match = compare(a, b)
    if not is_same_music(match) or abs(match.offset_seconds) > _SAME_OFFSET_SECONDS:
        return False
    different = _different_bits(a, b, round(match.offset_seconds / WORD_SECONDS))
    parts = np.array_split(different, max(1, len(different) // SMALLEST_OVERLAP))
    return max(_rate(part) for part in parts) < _SAME_BITS_IN_A_PART


def _different_bits(
    a: AcousticFingerprint, b: AcousticFingerprint, shift: int
) -> NDArray[np.uint32]:
    first, second = a.words[max(0, -shift) :], b.words[max(0, shift) :]
    overlap = min(len(first), len(second))
    return first[:overlap] ^ second[:overlap]


def _rate(different: NDArray[np.uint32]) -> float:
    """The share of bits set."""
    return int(_BITS_SET[different.view(np.uint16)].sum(dtype=np.int64)) / (32 * len(different))


def _json_fields(output: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(output)
    return fields


def _text_fields(output: str) -> dict[str, Any]:
    lines = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    words = [int(word) for word in lines["FINGERPRINT"].split(",")]
    return {"duration": lines["DURATION"], "fingerprint": words}
