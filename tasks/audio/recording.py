"""What is known about a recording, as we made it or as it lies on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LENGTH_TOLERANCE = 1.0
"""Seconds by which a whole recording may differ from its announced length, however long it is.

Codecs pad by at most 0.05 s; the least that a broken download lacks, a segment, is seconds long.
"""

_HIGHEST_PLAYABLE = 96_000


@dataclass(frozen=True)
class Pcm:
    """The shape of uncompressed audio: rate in Hz, 1 or 2 channels (or more), bits a sample."""

    sample_rate: int
    channels: int
    bit_depth: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of one channel's sample."""
        return self.bit_depth // 8

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.sample_bytes * self.channels


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A decoded track, proven: both files were read back and hold this PCM.

    `samples` counts per channel. `pcm_sha256` is the hash of the interleaved little-endian PCM
    (64 hex digits), equal for equal PCM whatever the container or its tags: the WAV fingerprint.
    `source_rate` (Hz) is the source's.
    """

    wav: Path
    aiff: Path
    seconds: float
    samples: int
    sample_rate: int
    channels: int
    bit_depth: int
    pcm_sha256: str
    source_rate: int


@dataclass(frozen=True, kw_only=True)
class AudioFacts:
    """A file as it lies on disk. `samples` counts what is there, not what the header announces.

    `bit_depth` is 0 for a compressed file.
    """

    seconds: float
    samples: int
    sample_rate: int
    channels: int
    bit_depth: int


def is_length_right(seconds: float, announced_seconds: float) -> bool:
    """True if `seconds` of audio can be the whole of what was announced."""
    return abs(seconds - announced_seconds) <= LENGTH_TOLERANCE


def playable_rate(rate: int) -> int:
    """The rate to write a source of `rate` Hz with: players take no more than 96 kHz.

    Rates of the 44.1 kHz family come down to 88.2 kHz, others to 96, so that the ratio is whole.
    """
    if rate <= _HIGHEST_PLAYABLE:
        return rate
    return 88_200 if rate % 44_100 == 0 else _HIGHEST_PLAYABLE
