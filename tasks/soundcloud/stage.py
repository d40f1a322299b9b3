"""SoundCloud's stage: one recording, whole, as WAV and AIFF in a fresh folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from tasks.errors import DownloadInterrupted
from tasks.soundcloud.address import Address
from tasks.soundcloud.equipment import Equipment
from tasks.soundcloud.fetching import Fetched, OnProgress, fetch
from tasks.stages import SOURCE_RETRIES, Bound, stage
from tasks.tracks import Track

Begun: TypeAlias = Callable[[OnProgress | None], Awaitable[Fetched] | None]
"""What was begun of this fetch before, which may be had once; None from then on."""


@stage("fetch-recording", SOURCE_RETRIES, Bound(7200.0, DownloadInterrupted))
async def fetch_recording(
    equipment: Equipment,
    address: Address,
    folder: Path,
    track: Track,
    on_progress: OnProgress | None = None,
    begun: Begun | None = None,
) -> Fetched:
    """The recording, in a new folder under `folder` or where it was `begun`.

    Each attempt begins afresh. Raises as `fetch`.
    """
    under_way = None if begun is None else begun(on_progress)
    if under_way is not None:
        return await under_way
    return await fetch(equipment, address, folder, track, on_progress)
