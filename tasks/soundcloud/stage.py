"""SoundCloud's stage: one recording, whole, as WAV and AIFF in a fresh folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tasks.audio.convert import convert
from tasks.audio.id3 import Tags
from tasks.audio.names import file_stem
from tasks.audio.recording import Recording
from tasks.soundcloud.address import Address
from tasks.soundcloud.client import Download, Progress, SoundCloudClient
from tasks.soundcloud.information import refuse_suspected_preview
from tasks.stages import SOURCE_RETRIES, stage
from tasks.threads import in_thread
from tasks.tracks import Track

__all__ = ["AudioOptions", "Fetched", "Gate", "Gates", "fetch_recording"]

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
class Fetched:
    """A proven recording and what its source said of it; texts are empty where it said nothing."""

    recording: Recording
    stem: str
    title: str
    artist: str
    soundcloud_id: str
    source_url: str


@stage("fetch-recording", SOURCE_RETRIES)
async def fetch_recording(
    source: SoundCloudClient,
    address: Address,
    folder: Path,
    track: Track,
    audio: AudioOptions,
    gates: Gates,
    on_progress: Callable[[Progress], None] | None = None,
) -> Fetched:
    """Download and convert into a new folder under `folder`; each attempt begins afresh.

    Raises a SourceError, ConversionError, MetadataError or FileError. Nothing is left behind by
    an attempt that fails.
    """
    attempt = Path(tempfile.mkdtemp(dir=folder))
    try:
        async with gates.downloads():
            download = await source.download(address, attempt, on_progress=on_progress)
        refuse_suspected_preview(address.url, download.announced_seconds, track.duration_seconds)
        async with gates.conversions():
            return await _convert(download, address, attempt, track, audio)
    except BaseException:
        shutil.rmtree(attempt, ignore_errors=True)
        raise


async def _convert(
    download: Download, address: Address, folder: Path, track: Track, audio: AudioOptions
) -> Fetched:
    title = track.title or download.title
    artist = track.artist or download.artist or download.uploader
    stem = file_stem(artist, title)
    recording = await in_thread(
        lambda stop: convert(
            download.path,
            folder / f"{stem}.wav",
            folder / f"{stem}.aiff",
            announced_seconds=download.announced_seconds,
            sample_rate=audio.sample_rate,
            bit_depth=audio.bit_depth,
            tags=_tags(download, track, title, artist),
            stop=stop,
        )
    )
    download.path.unlink(missing_ok=True)
    return Fetched(
        recording=recording,
        stem=stem,
        title=title,
        artist=artist,
        soundcloud_id=download.soundcloud_id or "",
        source_url=address.url,
    )


def _tags(download: Download, track: Track, title: str, artist: str) -> Tags:
    """What the row says, then what the source says; nothing invented."""
    return Tags(
        title=title,
        artist=artist,
        album=track.album,
        genre=track.genre or download.genre,
        source_url=download.webpage_url,
        soundcloud_id=download.soundcloud_id or "",
        bpm=track.bpm,
        key=track.key,
        artwork=download.artwork,
    )
