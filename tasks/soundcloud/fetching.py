"""One recording from its source: downloaded, converted, proven, in a fresh folder."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tasks.audio.convert import convert
from tasks.audio.names import file_stem
from tasks.audio.recording import Recording, playable_rate
from tasks.audio.tags import Tags
from tasks.soundcloud.address import Address
from tasks.soundcloud.credit import credit
from tasks.soundcloud.equipment import Equipment
from tasks.soundcloud.information import Download, Progress, refuse_suspected_preview
from tasks.tracks import Track

_log = logging.getLogger("tasks.soundcloud.fetching")

OnProgress: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A proven recording and what its source said of it; texts are empty where it said nothing."""

    recording: Recording
    title: str
    artist: str
    soundcloud_id: str


async def fetch(
    equipment: Equipment,
    address: Address,
    folder: Path,
    track: Track,
    on_progress: OnProgress | None = None,
) -> Fetched:
    """Download and convert into a new folder under `folder`.

    Raises a SourceError, ConversionError, MetadataError or FileError. Nothing is left behind by
    an attempt that fails.
    """
    attempt = Path(tempfile.mkdtemp(dir=folder))
    try:
        async with equipment.downloads():
            download = await equipment.source.download(address, attempt, on_progress=on_progress)
        refuse_suspected_preview(address.url, download.announced_seconds, track.duration_seconds)
        async with equipment.conversions():
            return await _convert(equipment, download, attempt, track)
    except BaseException:
        shutil.rmtree(attempt, ignore_errors=True)
        raise


async def _convert(equipment: Equipment, download: Download, folder: Path, track: Track) -> Fetched:
    artist, title = credit(
        row_artist=track.artist,
        row_title=track.title,
        publisher=download.artist,
        title=download.title,
        uploader=download.uploader,
    )
    stem = file_stem(artist, title)
    recording = await equipment.decoders.run(
        convert,
        download.path,
        folder / f"{stem}.wav",
        folder / f"{stem}.aiff",
        announced_seconds=download.announced_seconds,
        sample_rate=equipment.sample_rate,
        bit_depth=equipment.bit_depth,
        tags=_tags(download, track, title, artist),
    )
    download.path.unlink(missing_ok=True)
    _say_lowered(recording, track)
    return Fetched(
        recording=recording,
        title=title,
        artist=artist,
        soundcloud_id=download.soundcloud_id or "",
    )


def _say_lowered(recording: Recording, track: Track) -> None:
    lowered, source = recording.sample_rate, recording.source_rate
    if lowered < source and playable_rate(source) < source:
        _log.info(
            "   %s: %d Hz came down to %d, which players take; AUDIO_SAMPLE_RATE=%d keeps it",
            track.label, source, lowered, source,
        )  # fmt: skip


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
