"""Eagle's stages: read the library once, import a recording's two files."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

from tasks.eagle.library import EagleLibrary
from tasks.eagle.records import EagleItem, import_tags
from tasks.errors import EagleError
from tasks.locks.track_locks import HeldRow
from tasks.stages import stage
from tasks.tracks import Track


@stage("cache-eagle-library")
async def cache_library(library: EagleLibrary, loading: Awaitable[int] | None = None) -> int:
    """Read the whole library once; the number of items in its index. Raises EagleError.

    `loading` is its reading, where that has begun already; what fails is read again.
    """
    if loading is not None:
        with suppress(EagleError):
            return await loading
    return await library.load()


@stage("import-into-eagle")
async def import_file(
    library: EagleLibrary,
    path: Path,
    track: Track,
    *,
    website: str,
    fingerprint: str,
    playlist: str,
    lock: HeldRow,
) -> EagleItem:
    """The item of the file at `path`, imported into `Playlists/{playlist}` or found there.

    `lock` is the row's: it raises LeaseLost when the row is no longer ours. Raises EagleError.
    """
    extension = path.suffix.lstrip(".")
    return await library.import_file(
        path,
        name=path.stem,
        website=website,
        tags=import_tags(track, ext=extension, fingerprint=fingerprint),
        playlist=playlist,
        lock=lock,
    )
