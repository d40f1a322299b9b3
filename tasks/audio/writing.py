"""One stream of samples into WAV and AIFF at once, counted and hashed on the way."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from tasks.audio.headers import AIFF, MAX_DATA_BYTES, Container
from tasks.audio.pcm import Samples, checksum, is_audible, packed, swapped
from tasks.audio.recording import Pcm
from tasks.audio.tags import Tags, tag_chunks
from tasks.errors import ConversionError

_RESERVED_BYTES = 16 * 1024 * 1024


@dataclass
class PcmWriter:
    """Writes to `outputs`, opened for writing. `is_audible` is False while all was silence."""

    outputs: list[tuple[Container, BinaryIO]]
    pcm: Pcm = field(default=Pcm(0, 0, 0))
    data_bytes: int = 0
    is_audible: bool = False

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()
        self._checksums = [checksum() for _ in self.outputs]
        self._reserved = 0
        for container, file in self.outputs:
            file.write(b"\0" * container.header_bytes)

    @property
    def samples(self) -> int:
        """Samples written, per channel."""
        return self.data_bytes // self.pcm.frame_bytes if self.data_bytes else 0

    @property
    def seconds(self) -> float:
        """Their length."""
        return self.samples / self.pcm.sample_rate if self.data_bytes else 0.0

    @property
    def pcm_sha256(self) -> str:
        """The hash of what was written so far, in hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def checks(self) -> list[bytes]:
        """What was written into each output, as a checksum."""
        return [each.digest() for each in self._checksums]

    def write(self, samples: Samples, pcm: Pcm) -> None:
        """Append one batch. Raises: ConversionError beyond 4 GB; OSError from the disk."""
        self.pcm = pcm
        self.is_audible = self.is_audible or is_audible(samples)
        little = packed(samples, pcm.sample_bytes)
        self.data_bytes += len(little)
        if self.data_bytes > MAX_DATA_BYTES:
            raise too_long(self.seconds)
        self._reserve()
        self._digest.update(little.data)
        for (container, file), check in zip(self.outputs, self._checksums, strict=True):
            raw = swapped(little, pcm.sample_bytes) if container is AIFF else little
            check.update(raw.data)
            file.write(raw.data)

    def _reserve(self) -> None:
        """Have the disk find room ahead: a third less CPU than finding it page by page. Where it
        cannot, writing finds that out.
        """
        if sys.platform != "linux" or self.data_bytes < self._reserved:
            return
        for _, file in self.outputs:
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), self._reserved, _RESERVED_BYTES)
        self._reserved += _RESERVED_BYTES

    def finish(self, tags: Tags | None) -> None:
        """Write the tags behind the samples, the headers now that sizes are known, and sync."""
        for container, file in self.outputs:
            chunks = tag_chunks(tags, container) if tags else b""
            file.write(b"\0" * (self.data_bytes % 2) + chunks)
            size = file.truncate()
            file.seek(0)
            file.write(container.header(self.pcm, self.data_bytes, size))
            file.flush()
            os.fsync(file.fileno())


def too_long(seconds: float) -> ConversionError:
    """Neither format can name more than 4 GB: about 6 hours of stereo at 16 bit and 44.1 kHz."""
    return ConversionError(
        f"The recording ({seconds / 3600:.1f} hours) does not fit: WAV and AIFF end at 4 GB.",
        remedy="Set AUDIO_BIT_DEPTH to 16, AUDIO_SAMPLE_RATE to 44100, or leave this track out.",
    )
