"""What a file on disk really holds, to adopt or repair what an earlier run left."""

from __future__ import annotations

from pathlib import Path

from tasks.audio.chunks import Layout, layout_of
from tasks.audio.decoding import opened
from tasks.audio.pcm import pcm_sha256
from tasks.audio.recording import AudioFacts, is_length_right
from tasks.disk.refusals import unreadable
from tasks.errors import ConversionError, SourceError


def inspect(path: Path) -> AudioFacts:
    """Facts counted from the samples that are there.

    WAV, AIFF and AIFC are read by their chunks (a millisecond); anything else is decoded, so that
    files of strangers belong into a `DecoderPool`.
    Raises: FileError if it cannot be read; IncompleteRecording or ConversionError if it is no
    audio.
    """
    layout = layout_of(path)
    return _facts(layout) if layout is not None and layout.samples else _decoded_facts(path)


def pcm_hash(path: Path) -> str | None:
    """The PCM's hash as in `Recording`; None for what is no WAV, AIFF or AIFC of integer PCM.

    35 ms for five minutes; nothing is decoded. Raises: FileError if it cannot be read;
    ConversionError if it is damaged.
    """
    layout = layout_of(path)
    if layout is None or not layout.is_plain:
        return None
    try:
        with path.open("rb") as file:
            return pcm_sha256(file, layout)
    except OSError as error:
        raise unreadable(error, path) from error


def is_whole(path: Path, announced_seconds: float | None) -> bool:
    """True if the file is audio, not cut short, and as long as announced (None: any length).

    A file that is missing, or is no audio, is not whole. As for `inspect`, decoding may happen.
    Raises: FileError if it is there and cannot be read.
    """
    if not path.is_file():
        return False
    try:
        layout = layout_of(path)
        if layout is not None and not layout.is_complete:
            return False
        seconds = inspect(path).seconds
    except (SourceError, ConversionError):
        return False
    return announced_seconds is None or is_length_right(seconds, announced_seconds)


def _facts(layout: Layout) -> AudioFacts:
    return AudioFacts(
        seconds=layout.seconds,
        samples=layout.samples,
        sample_rate=layout.pcm.sample_rate,
        channels=layout.pcm.channels,
        bit_depth=layout.pcm.bit_depth,
    )


def _decoded_facts(path: Path) -> AudioFacts:
    with opened(path) as source:
        samples = source.count_samples()
        return AudioFacts(
            seconds=samples / source.pcm.sample_rate,
            samples=samples,
            sample_rate=source.pcm.sample_rate,
            channels=source.pcm.channels,
            bit_depth=0,
        )
