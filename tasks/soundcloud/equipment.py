"""What recordings are fetched and written with: the same for all tracks of a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.audio.decoder_pool import DecoderPool

if TYPE_CHECKING:
    from tasks.soundcloud.client import SoundCloudClient

Gate = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """Files are written with a rate in Hz (None: the source's) and 16 or 24 bit; `downloads` and
    `conversions` are contexts to be in meanwhile, and entering them may wait.
    """

    source: SoundCloudClient
    decoders: DecoderPool
    sample_rate: int | None
    bit_depth: int
    downloads: Gate
    conversions: Gate
