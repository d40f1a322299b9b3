"""From a download to a proven WAV and AIFF, in one decode (docs/facts/audio.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tasks.audio.decoding import DecodedSource, opened, undecodable
from tasks.audio.files import published
from tasks.audio.headers import AIFF, MAX_DATA_BYTES, WAV, Container
from tasks.audio.proof import prove
from tasks.audio.recording import Recording, is_length_right, length_tolerance
from tasks.audio.tags import Tags
from tasks.audio.writing import PcmWriter, too_long
from tasks.errors import ConversionError, IncompleteRecording

__all__ = ["ConversionStopped", "aiff_from_wav", "convert"]

_CODEC_PADDING_SECONDS = 0.1
_NO_MORE_THAN_16_BITS = ("pcm_s16le", "pcm_s16be", "pcm_u8")

Stop = Callable[[], bool]


class ConversionStopped(Exception):
    """The caller's `stop` said so; nothing was left behind."""


def convert(  # noqa: PLR0913 - one decode answers all of it
    source: Path,
    wav: Path,
    aiff: Path,
    *,
    announced_seconds: float | None,
    sample_rate: int | None = None,
    bit_depth: int = 16,
    tags: Tags | None = None,
    stop: Stop | None = None,
) -> Recording:
    """Decode `source` once into `wav` and `aiff`, with equal PCM, and prove both by reading back.

    The rate stays the source's; a `sample_rate` below it is resampled to, one above it is left
    aside, because upsampling adds nothing. Mono stays mono, more than two channels become
    stereo. `bit_depth` is 16 or 24. `tags` may be given here, which saves a reading of both files.
    Blocking, 0.15-0.35 s for five minutes, bounded in memory; `stop` is asked every three
    seconds of audio. The files appear under their names only when both are proven and on disk.

    Raises: IncompleteRecording if the source is damaged, silent, or not as long as announced
    (without an announced length: as its own header or time stamps say); ConversionError if it
    cannot be decoded or is too long for the formats; MetadataError; FileError; ConversionStopped.
    """
    if bit_depth not in (16, 24):
        raise ConversionError(
            f"A bit depth of {bit_depth} is not offered.", remedy="Set AUDIO_BIT_DEPTH to 16 or 24."
        )
    with opened(source) as decoded, published(wav, aiff) as partials:
        announced = decoded.header_seconds if announced_seconds is None else announced_seconds
        writer = _write(
            decoded,
            list(zip((WAV, AIFF), partials, strict=True)),
            announced=announced,
            sample_rate=sample_rate,
            bit_depth=bit_depth,
            tags=tags,
            stop=stop,
        )
        prove(list(partials), writer.pcm, writer.samples, writer.pcm_sha256, _checker(stop))
    return _recording(wav, aiff, decoded, writer)


def aiff_from_wav(
    wav: Path, aiff: Path, *, tags: Tags | None = None, stop: Stop | None = None
) -> Recording:
    """Make the missing AIFF of a WAV that lies on disk already, with equal PCM.

    WAVs of 16 or 24 bits keep every bit. Others (32 bit, float, 8 bit) become 24 bit; then
    `pcm_sha256` is the AIFF's. The WAV is only read.
    Raises: as `convert`.
    """
    with opened(wav) as decoded, published(aiff) as partials:
        depth = 16 if decoded.codec in _NO_MORE_THAN_16_BITS else 24
        writer = _write(
            decoded,
            [(AIFF, partials[0])],
            announced=decoded.header_seconds,
            sample_rate=None,
            bit_depth=depth,
            tags=tags,
            stop=stop,
        )
        prove(list(partials), writer.pcm, writer.samples, writer.pcm_sha256, _checker(stop))
    return _recording(wav, aiff, decoded, writer)


def _write(
    decoded: DecodedSource,
    outputs: Sequence[tuple[Container, Path]],
    *,
    announced: float | None,
    sample_rate: int | None,
    bit_depth: int,
    tags: Tags | None,
    stop: Stop | None,
) -> PcmWriter:
    check_stop = _checker(stop)
    check_stop()
    with ExitStack() as stack:
        writer = PcmWriter([(kind, stack.enter_context(path.open("xb"))) for kind, path in outputs])
        for samples in decoded.batches(sample_rate=sample_rate, bit_depth=bit_depth):
            check_stop()
            if not writer.data_bytes and announced:
                _refuse_too_long(
                    announced * decoded.pcm.sample_rate * decoded.pcm.frame_bytes, announced
                )
            writer.write(samples, decoded.pcm)
            if announced and writer.seconds > announced + length_tolerance(announced):
                break  # already refused; a runaway source must not fill the disk
        _refuse_partial(decoded, writer, announced)
        writer.finish(tags)
    return writer


def _refuse_too_long(expected_bytes: float, seconds: float) -> None:
    if expected_bytes > MAX_DATA_BYTES:
        raise too_long(seconds)


def _refuse_partial(decoded: DecodedSource, writer: PcmWriter, announced: float | None) -> None:
    """The proof of wholeness (docs/facts/audio.md, "Proof of wholeness").

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
    if decoded.damage and abs(writer.seconds - (announced or 0.0)) > _CODEC_PADDING_SECONDS:
        raise IncompleteRecording(
            f"The download is damaged ({decoded.damage}), and "
            f"{writer.seconds:.2f} s of audio could be decoded."
        )
    if not writer.is_audible:
        raise IncompleteRecording(f"All {writer.seconds:.1f} s of the download are silent.")


def _checker(stop: Stop | None) -> Callable[[], None]:
    def check() -> None:
        if stop is not None and stop():
            raise ConversionStopped

    return check


def _recording(wav: Path, aiff: Path, decoded: DecodedSource, writer: PcmWriter) -> Recording:
    return Recording(
        wav=wav,
        aiff=aiff,
        seconds=writer.seconds,
        samples=writer.samples,
        sample_rate=writer.pcm.sample_rate,
        channels=writer.pcm.channels,
        bit_depth=writer.pcm.bit_depth,
        pcm_sha256=writer.pcm_sha256,
        codec=decoded.codec,
        bit_rate=decoded.bit_rate,
    )
