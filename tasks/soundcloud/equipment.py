"""What recordings are fetched and written with: the same for all tracks of a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tasks.audio.decoder_pool import DecoderPool

if TYPE_CHECKING:
    from tasks.soundcloud.client import SoundCloudClient

Gate = Callable[[], AbstractAsyncContextManager[None]]


class Gates(Protocol):
    """Contexts to be in while downloading and converting; entering them may wait."""

    @property
    def downloads(self) -> Gate: ...

    @property
    def conversions(self) -> Gate: ...


@dataclass(frozen=True, kw_only=True)
class AudioOptions:
    """How the files are written: a rate in Hz (None: the source's) and 16 or 24 bit."""

    sample_rate: int | None = None
    bit_depth: int = 16


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What recordings are fetched and written with, the same for all tracks of a run."""

    source: SoundCloudClient
    decoders: DecoderPool
    audio: AudioOptions
    gates: Gates
