"""From a download to a proven WAV and AIFF, in one decode (docs/facts/audio.md)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.audio.decoding import DecodedSource, WiderLayout, opened
from tasks.audio.files import published
from tasks.audio.headers import AIFF, MAX_DATA_BYTES, WAV, Container
from tasks.audio.pcm import prove
from tasks.audio.recording import LENGTH_TOLERANCE, Recording, is_length_right
from tasks.audio.tags import Tags
from tasks.audio.undecodable import undecodable
from tasks.audio.writing import PcmWriter, too_long
from tasks.errors import IncompleteRecording

_CODEC_PADDING_SECONDS = 0.1
_NO_MORE_THAN_16_BITS = ("pcm_s16le", "pcm_s16be", "pcm_u8")

Files = Mapping[Container, Path]


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What to make of a source; None: what the source itself says or has."""

    announced_seconds: float | None = None
    sample_rate: int | None = None
    bit_depth: int | None = None
    channels: int | None = None
    tags: Tags | None = None


def convert(
    source: Path,
    wav: Path,
    aiff: Path,
    *,
    announced_seconds: float | None,
    sample_rate: int | None = None,
    bit_depth: int = 16,
    tags: Tags | None = None,
) -> Recording:
    """Decode `source` once into `wav` and `aiff`, with equal PCM, and prove both by reading back.

    The rate stays the source's; a `sample_rate` below it is resampled to, one above it is left
    aside, because upsampling adds nothing. Without one, rates that few players take come down
    (`playable_rate`). Mono stays mono, more than two channels become stereo. `bit_depth` is 16 or
    24. `tags` may be given here, which saves a reading of both files. Blocking, 0.15-0.35 s for
    five minutes, bounded in memory. The files appear under their names only when both are proven
    and on disk.

    Raises: IncompleteRecording if the source is damaged, silent, has a gap, or is not as long as
    announced (without an announced length: as its own header or time stamps say); ConversionError
    if it cannot be decoded or is too long for the formats; MetadataError; FileError.
    """
    wanted = _Wanted(
        announced_seconds=announced_seconds,
        sample_rate=sample_rate,
        bit_depth=bit_depth,
        tags=tags,
    )
    return _recording(wav, aiff, *_made(source, {WAV: wav, AIFF: aiff}, wanted))


def aiff_from_wav(wav: Path, aiff: Path) -> Recording:
    """Make the missing AIFF of a WAV that lies on disk already, with equal PCM.

    WAVs of 16 or 24 bits keep every bit. Others (32 bit, float, 8 bit) become 24 bit; then
    `pcm_sha256` is the AIFF's. The rate stays, whatever it is. The WAV is only read.
    Raises: as `convert`.
    """
    wanted = _Wanted(sample_rate=MAX_DATA_BYTES)
    return _recording(wav, aiff, *_made(wav, {AIFF: aiff}, wanted))


def _made(source: Path, files: Files, wanted: _Wanted) -> tuple[DecodedSource, PcmWriter]:
    """The files, with two channels wherever the source has them."""
    try:
        return _made_as(source, files, wanted)
    except WiderLayout:
        return _made_as(source, files, replace(wanted, channels=2))


def _made_as(source: Path, files: Files, wanted: _Wanted) -> tuple[DecodedSource, PcmWriter]:
    with opened(source) as decoded, published(*files.values()) as partials:
        if wanted.announced_seconds is None:
            wanted = replace(wanted, announced_seconds=decoded.header_seconds)
        with ExitStack() as stack:
            outputs = [stack.enter_context(path.open("xb")) for path in partials]
            writer = PcmWriter(list(zip(files, outputs, strict=True)))
            _decode_into(writer, decoded, wanted)
            _refuse_partial(decoded, writer, wanted.announced_seconds)
            writer.finish(wanted.tags)
        prove(partials, writer.pcm, writer.samples, writer.checks)
    return decoded, writer


def _decode_into(writer: PcmWriter, decoded: DecodedSource, wanted: _Wanted) -> None:
    depth = wanted.bit_depth or (16 if decoded.codec in _NO_MORE_THAN_16_BITS else 24)
    announced = wanted.announced_seconds
    for samples in decoded.batches(
        sample_rate=wanted.sample_rate, bit_depth=depth, channels=wanted.channels
    ):
        if not writer.data_bytes and announced:
            _refuse_too_long(
                announced * decoded.pcm.sample_rate * decoded.pcm.frame_bytes, announced
            )
        writer.write(samples, decoded.pcm)
        if announced and writer.seconds > announced + LENGTH_TOLERANCE:
            return  # already refused; a runaway source must not fill the disk


def _refuse_too_long(expected_bytes: float, seconds: float) -> None:
    if expected_bytes > MAX_DATA_BYTES:
        raise too_long(seconds)


def _refuse_partial(decoded: DecodedSource, writer: PcmWriter, announced: float | None) -> None:
    """What was decoded is counted (docs/facts/audio.md, "Proof of wholeness").

    A packet the decoder refused may be an old tag between frames, or audio that is lost. It is
    forgiven if the length shows that nothing is missing.
    """
    if not writer.data_bytes:
        raise undecodable(decoded.path, decoded.damage or "it holds no sample")
    expected = announced or decoded.timeline_seconds
    if expected and not is_length_right(writer.seconds, expected):
        raise IncompleteRecording(
            f"The download holds {writer.seconds:.1f} s of audio, {expected:.1f} s were announced."
        )
    if decoded.gap_seconds > LENGTH_TOLERANCE:
        raise IncompleteRecording(
            f"{decoded.gap_seconds:.1f} s are missing inside the download, by its time stamps."
        )
    if decoded.damage and abs(writer.seconds - (announced or 0.0)) > _CODEC_PADDING_SECONDS:
        raise IncompleteRecording(
            f"The download is damaged ({decoded.damage}), and "
            f"{writer.seconds:.2f} s of audio could be decoded."
        )
    if not writer.is_audible:
        raise IncompleteRecording(f"All {writer.seconds:.1f} s of the download are silent.")


def _recording(wav: Path, aiff: Path, decoded: DecodedSource, writer: PcmWriter) -> Recording:
    return Recording(
        wav=wav,
        aiff=aiff,
        seconds=writer.seconds,
        samples=writer.samples,
        sample_rate=writer.pcm.sample_rate,
        source_rate=decoded.rate,
        channels=writer.pcm.channels,
        bit_depth=writer.pcm.bit_depth,
        pcm_sha256=writer.pcm_sha256,
    )
