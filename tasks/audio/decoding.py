"""A downloaded file as batches of PCM, or the reason why it is not a whole recording.

PyAV's errors are translated here and nowhere else. What the network can have broken (a file cut
short, a missing fragment, a page of HTML in place of the audio) is an `IncompleteRecording`,
which another attempt may cure; what no attempt can cure is a `ConversionError`.

Layout, rate and sample format may change inside a file: joined files do it, and so does one
flipped bit in the header of an MP3 frame. libav's FIFO does not look at the number of channels
and writes beyond its memory, so each stretch of equal frames has a FIFO and a resampler of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import av
import av.error
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler

from tasks.audio.chunks import Layout, layout_of
from tasks.audio.pcm import BATCH_SAMPLES, Samples
from tasks.audio.recording import Pcm, playable_rate
from tasks.audio.undecodable import reason_of, refuse_big_endian, undecodable
from tasks.errors import ConversionError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet


_OPEN_OPTIONS = {
    # A file may claim to be a list of other files or addresses; none of them is followed.
    "protocol_whitelist": "file",
    "format_whitelist": "aac,aiff,ape,asf,caf,flac,matroska,mov,mp3,mpegts,ogg,w64,wav,wv",
}
_COUNTED_FORMATS = frozenset({"flac", "mov,mp4,m4a,3gp,3g2,mj2", "w64", "caf"})
_FLOAT_PCM = "pcm_f"
_OLD_TAGS = (b"TAG", b"LYRICSBEGIN", b"APETAGEX", b"ID3", b"3DI")
_LOWEST_RATE, _HIGHEST_RATE = 4_000, 768_000
_SMALLEST_GAP = 0.1
"""Seconds; time stamps are rounded to milliseconds in some containers."""


class WiderLayout(Exception):
    """A recording that began as mono has stereo later on: it is to be written with two channels."""


_Shape: TypeAlias = "tuple[int, int, str]"
"""What all frames of a stretch have in common: channels, rate in Hz, sample format."""


@dataclass
class DecodedSource:
    """An opened source. `header_seconds` is None unless its format counts its samples.

    `rate` is the source's in Hz, `pcm` what is written; both are set before the first batch.
    Once `batches` has ended, `damage` holds the decoder's last complaint (packets it refused are
    passed over; old tags behind the last frame are none), `timeline_seconds` the span of the time
    stamps and `gap_seconds` what is missing between them.
    """

    path: Path
    codec: str
    header_seconds: float | None
    container: InputContainer
    stream: AudioStream
    damage: str = ""
    timeline_seconds: float = 0.0
    gap_seconds: float = 0.0
    rate: int = 0
    pcm: Pcm = field(default=Pcm(0, 0, 0))

    def batches(
        self, *, sample_rate: int | None, bit_depth: int, channels: int | None = None
    ) -> Iterator[Samples]:
        """Interleaved samples, int16 for 16 bits or else int32; `pcm` is set before the first.

        The rate is the source's first unless `sample_rate` is lower, or, without one, players
        take no such rate; what changes later is resampled to it. Mono stays mono unless
        `channels` says 2; more than two channels are mixed down to stereo.
        Raises: ConversionError if the samples cannot be converted; WiderLayout.
        """
        try:
            for frame in self._converted(sample_rate, bit_depth, channels):
                count, plane = frame.samples * self.pcm.channels, memoryview(frame.planes[0])
                if bit_depth == 16:
                    yield np.frombuffer(plane, dtype=np.int16, count=count)
                else:
                    yield np.frombuffer(plane, dtype=np.int32, count=count)
        except (av.error.FFmpegError, ValueError) as error:
            raise _unconvertible(error) from error

    def _converted(
        self, sample_rate: int | None, bit_depth: int, channels: int | None
    ) -> Iterator[AudioFrame]:
        for shape, frames in groupby(self._frames(), key=_shape):
            given, rate, _ = shape
            if not self.pcm.channels:
                self.rate = rate
                self.pcm = _target(shape, sample_rate, bit_depth, channels)
            elif given > self.pcm.channels == 1:
                raise WiderLayout
            resampler = _resampler_to(self.pcm)
            for batch in _batched(frames):
                self._require_numbers(batch)
                yield from resampler.resample(batch)
            yield from resampler.resample(None)

    def _require_numbers(self, batch: AudioFrame) -> None:
        """Floats of a WAV may be none, and would become clicks at full scale."""
        if self.codec.startswith(_FLOAT_PCM) and not np.isfinite(batch.to_ndarray()).all():
            raise ConversionError(f"{self.path.name} holds samples that are no numbers.")

    def count_samples(self) -> int:
        """Samples per channel at the first rate; `pcm` is set to its shape, 0 bits deep.

        Raises: IncompleteRecording for damage anywhere, or no sample at all; ConversionError.
        """
        samples = 0.0
        try:
            for (channels, rate, _), frames in groupby(self._frames(), key=_shape):
                self.pcm = self.pcm if samples else Pcm(rate, channels, 0)
                samples += sum(f.samples for f in frames) * self.pcm.sample_rate / rate
        except (av.error.FFmpegError, ValueError) as error:
            raise _unconvertible(error) from error
        if not samples or self.damage:
            raise undecodable(self.path, self.damage or "it holds no sample")
        return round(samples)

    def _frames(self) -> Iterator[AudioFrame]:
        begin = end = tick = None
        for frame in self._packet_frames():
            pts, rate = frame.pts, frame.sample_rate
            if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
                raise ConversionError(f"{self.path.name} announces {rate} Hz.")
            if tick is None:  # asked for once: it makes a Fraction, 13,000 times in five minutes
                tick = float(frame.time_base or 0)
            if pts is not None:
                at = pts * tick
                if end is None:
                    begin = at
                elif at - end > _SMALLEST_GAP:
                    self.gap_seconds += at - end
                end = at + frame.samples / rate
            yield frame
        if begin is not None and end is not None:
            self.timeline_seconds = end - begin

    def _packet_frames(self) -> Iterator[AudioFrame]:
        """An old tag is no damage behind the last frame; between two it may stand for audio."""
        tag = ""
        packets = self.container.demux(self.stream)
        while (packet := self._next(packets)) is not None:
            try:
                frames = [frame for frame in packet.decode() if frame.samples]
            except EOFError:
                return
            except av.error.InvalidDataError as error:
                reason = reason_of(error)
                if _is_old_tag(bytes(packet)):
                    tag = reason
                else:
                    self.damage = reason
                continue
            except av.error.FFmpegError as error:
                self.damage = reason_of(error)
                return
            self.damage = tag or self.damage if frames else self.damage
            yield from frames

    def _next(self, packets: Iterator[Packet[AudioStream]]) -> Packet[AudioStream] | None:
        try:
            return next(packets, None)
        except EOFError:
            return None
        except IndexError:  # a transport stream may announce a stream and never begin it
            self.damage = "the stream is not there"
            return None
        except av.error.FFmpegError as error:
            self.damage = reason_of(error)
            return None


def _is_old_tag(refused: bytes) -> bool:
    """True for what taggers leave behind an MP3's last frame: their tags, or padding."""
    return refused.startswith(_OLD_TAGS) or not refused.strip(b"\0")


def _shape(frame: AudioFrame) -> _Shape:
    return frame.layout.nb_channels, frame.sample_rate, frame.format.name


def _batched(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    """The frames of one shape, joined."""
    fifo = AudioFifo()
    for frame in frames:
        frame.pts = None
        fifo.write(frame)
        if fifo.samples >= BATCH_SAMPLES:
            yield _read(fifo, BATCH_SAMPLES)
    if fifo.samples:
        yield _read(fifo, fifo.samples)


def _read(fifo: AudioFifo, samples: int) -> AudioFrame:
    batch = fifo.read(samples)
    assert batch is not None  # it holds so many
    return batch


def _target(shape: _Shape, sample_rate: int | None, bit_depth: int, channels: int | None) -> Pcm:
    given, rate, _ = shape
    rate = min(rate, sample_rate or playable_rate(rate))
    return Pcm(rate, channels or min(2, given), bit_depth)


def _resampler_to(pcm: Pcm) -> AudioResampler:
    return AudioResampler(
        format="s16" if pcm.bit_depth == 16 else "s32",
        layout="mono" if pcm.channels == 1 else "stereo",
        rate=pcm.sample_rate,
    )


def _unconvertible(error: Exception) -> ConversionError:
    return ConversionError(f"The audio could not be converted ({reason_of(error)}).")


@contextmanager
def opened(path: Path) -> Iterator[DecodedSource]:
    """The source ready to be decoded, closed afterwards.

    Raises: IncompleteRecording if what arrived is empty, text, or audio cut before its first
    sample; ConversionError if it is no audio we can decode.
    """
    layout = layout_of(path)  # before libav looks, which takes seconds to walk a million chunks
    refuse_big_endian(path)
    with _container(path) as container:
        if not container.streams.audio:
            raise ConversionError(f"{path.name} holds no audio.")
        stream = container.streams.audio[0]
        if stream.codec_context is None:
            raise ConversionError(f"The audio in {path.name} is in a coding that is not known.")
        yield DecodedSource(
            path=path,
            codec=stream.codec_context.codec.canonical_name,
            header_seconds=_header_seconds(layout, container),
            container=container,
            stream=stream,
        )


def _header_seconds(layout: Layout | None, container: InputContainer) -> float | None:
    if layout is not None:  # libav measures these by the file's size
        return layout.announced_size / layout.pcm.frame_bytes / layout.pcm.sample_rate
    if container.format.name in _COUNTED_FORMATS and container.duration:
        return container.duration / av.time_base
    return None


def _container(path: Path) -> InputContainer:
    try:
        return av.open(f"file:{path.absolute()}", options=_OPEN_OPTIONS, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise undecodable(path, reason_of(error)) from error
