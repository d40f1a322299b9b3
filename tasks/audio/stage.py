"""Where finished files go: the playlist folders, and OUT_DIR when Eagle is off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tasks.audio.convert import aiff_from_wav
from tasks.audio.inspecting import inspect
from tasks.audio.names import folder_name
from tasks.audio.placing import place_file
from tasks.audio.recording import Recording
from tasks.errors import SyncError
from tasks.stages import stage
from tasks.threads import in_thread

__all__ = ["make_aiff", "place_in_playlists"]


@stage("place-files")
async def place_in_playlists(
    source: Path,
    root: Path,
    playlists: Iterable[str],
    stem: str,
    *,
    pcm_sha256: str,
    tie_breaker: str,
) -> list[Path]:
    """Where the file `source` now is: once in the folder of each playlist under `root`.

    An equal recording that is there already is taken; another of the same name is never
    overwritten, the new one gets `tie_breaker` into its name. Raises FileError.
    """
    same = partial(_holds, pcm_sha256=pcm_sha256)
    return [
        await asyncio.to_thread(
            place_file,
            source,
            root / folder_name(playlist),
            stem,
            source.suffix,
            tie_breaker=tie_breaker,
            same=same,
        )
        for playlist in playlists
    ]


@stage("make-aiff")
async def make_aiff(wav: Path, folder: Path, stem: str) -> Recording:
    """The missing AIFF of a WAV that is whole; the WAV is only read. Raises ConversionError."""
    return await in_thread(lambda stop: aiff_from_wav(wav, folder / f"{stem}.aiff", stop=stop))


def _holds(path: Path, pcm_sha256: str) -> bool:
    """True if the file holds exactly this PCM."""
    try:
        return inspect(path).pcm_sha256 == pcm_sha256
    except SyncError:
        return False
