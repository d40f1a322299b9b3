"""What is known about a recording, as we made it or as it lies on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["AudioFacts", "Pcm", "Recording", "is_length_right", "length_tolerance"]


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
    `codec` and `bit_rate` (bits a second) are the source's.
    """

    wav: Path
    aiff: Path
    seconds: float
    samples: int
    sample_rate: int
    channels: int
    bit_depth: int
    pcm_sha256: str
    codec: str
    bit_rate: int | None


@dataclass(frozen=True, kw_only=True)
class AudioFacts:
    """A file as it lies on disk. `samples` counts what is there, not what the header announces.

    `bit_depth` is 0 for a compressed file. `pcm_sha256` is as in `Recording`; None where the file
    holds no integer PCM of 16, 24 or 32 bits, or no hash was asked for.
    """

    seconds: float
    samples: int
    sample_rate: int
    channels: int
    bit_depth: int
    pcm_sha256: str | None


def length_tolerance(announced_seconds: float) -> float:
    """Seconds by which a whole recording may differ from its announced length.

    Codec padding is at most 0.05 s, the shortest thing that can be missing (an HLS fragment)
    about 10 s (docs/facts/audio.md, "Proof of wholeness").
    """
    return max(1.0, announced_seconds * 0.005)


def is_length_right(seconds: float, announced_seconds: float) -> bool:
    """True if `seconds` of audio can be the whole of what was announced."""
    return abs(seconds - announced_seconds) <= length_tolerance(announced_seconds)
