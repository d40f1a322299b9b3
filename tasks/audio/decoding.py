"""A downloaded file as batches of PCM, or the reason why it is not a whole recording.

PyAV's errors are translated here and nowhere else. What the network can have broken (a file cut
short, a missing fragment, a page of HTML in place of the audio) is an `IncompleteRecording`,
which another attempt may cure; what no attempt can cure is a `ConversionError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler

from tasks.audio.chunks import read_layout
from tasks.audio.pcm import BATCH_SAMPLES, Samples
from tasks.audio.recording import Pcm
from tasks.errors import ConversionError, IncompleteRecording, SyncError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["DecodedSource", "opened"]

_OPEN_OPTIONS = {
    # A file may claim to be a list of other files or addresses; none of them is followed.
    "protocol_whitelist": "file",
    "format_whitelist": "aac,aiff,ape,asf,caf,flac,matroska,mov,mp3,mpegts,ogg,w64,wav,wv",
}
_COUNTED_FORMATS = frozenset({"flac", "mov,mp4,m4a,3gp,3g2,mj2", "w64", "caf"})
_AUDIO_MAGIC = (
    b"ID3",
    b"fLaC",
    b"OggS",
    b"RIFF",
    b"FORM",
    b"\x1aE\xdf\xa3",
    b"\xff\xfb",
    b"\xff\xf1",
)
_SMALLEST_FILE = 512


@dataclass
class DecodedSource:
    """An opened source. `header_seconds` is None unless its format counts its samples.

    Once `batches` has ended, `damage` holds the decoder's last complaint (packets it refused are
    passed over) and `timeline_seconds` the span of the time stamps.
    """

    path: Path
    codec: str
    bit_rate: int | None
    header_seconds: float | None
    container: InputContainer
    stream: AudioStream
    damage: str = ""
    timeline_seconds: float = 0.0
    pcm: Pcm = field(default=Pcm(0, 0, 0))

    def batches(self, *, sample_rate: int | None, bit_depth: int) -> Iterator[Samples]:
        """Interleaved samples, int16 for 16 bits or else int32; `pcm` is set before the first.

        The rate is the source's own unless `sample_rate` is lower. Mono stays mono; more than
        two channels are mixed down to stereo.
        Raises: ConversionError if the samples cannot be converted.
        """
        try:
            for frame in self._converted(sample_rate, bit_depth):
                count, plane = frame.samples * self.pcm.channels, memoryview(frame.planes[0])
                if bit_depth == 16:
                    yield np.frombuffer(plane, dtype=np.int16, count=count)
                else:
                    yield np.frombuffer(plane, dtype=np.int32, count=count)
        except av.error.FFmpegError as error:
            reason = error.strerror or str(error)
            raise ConversionError(f"The audio could not be converted ({reason}).") from error

    def _converted(self, sample_rate: int | None, bit_depth: int) -> Iterator[AudioFrame]:
        resampler: AudioResampler | None = None
        for frame in _batched(self._frames()):
            if resampler is None:
                self.pcm = _target(frame, sample_rate, bit_depth)
                resampler = _resampler_to(self.pcm)
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)

    def count_samples(self) -> int:
        """Samples per channel as the source has them; `pcm` is set to its shape, 0 bits deep.

        Raises: IncompleteRecording for damage anywhere, or no sample at all.
        """
        samples = 0
        for frame in self._frames():
            samples += frame.samples
            self.pcm = Pcm(frame.sample_rate, frame.layout.nb_channels, 0)
        if not samples or self.damage:
            raise undecodable(self.path, self.damage or "it holds no sample")
        return samples

    def _frames(self) -> Iterator[AudioFrame]:
        first_pts = last_pts = None
        samples = 0
        for frame in self._packet_frames():
            last_pts, samples = frame.pts, frame.samples
            if first_pts is None:
                first_pts, rate, tick = last_pts, frame.sample_rate, frame.time_base
            yield frame
        if first_pts is not None and last_pts is not None and tick:
            self.timeline_seconds = float((last_pts - first_pts) * tick) + samples / rate

    def _packet_frames(self) -> Iterator[AudioFrame]:
        packets = self.container.demux(self.stream)
        while True:
            try:
                frames = next(packets).decode()
            except (StopIteration, EOFError):
                return
            except av.error.InvalidDataError as error:
                self.damage = error.strerror or "invalid data"
                continue
            except av.error.FFmpegError as error:
                self.damage = error.strerror or "unreadable"
                return
            yield from frames


def _batched(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    fifo = AudioFifo()
    first: AudioFrame | None = None
    for frame in frames:
        frame.pts = None
        first = first or frame
        try:
            fifo.write(frame)
        except ValueError:
            for converted in _resampler_like(first).resample(frame):
                converted.pts = None
                fifo.write(converted)
        if fifo.samples >= BATCH_SAMPLES:
            batch = fifo.read(BATCH_SAMPLES)
            if batch is not None:
                yield batch
    if first is not None and fifo.samples:
        batch = fifo.read(0, partial=True)
        if batch is not None:
            yield batch


def _target(frame: AudioFrame, sample_rate: int | None, bit_depth: int) -> Pcm:
    rate = min(frame.sample_rate, sample_rate or frame.sample_rate)
    return Pcm(rate, min(2, frame.layout.nb_channels), bit_depth)


def _resampler_to(pcm: Pcm) -> AudioResampler:
    return AudioResampler(
        format="s16" if pcm.bit_depth == 16 else "s32",
        layout="mono" if pcm.channels == 1 else "stereo",
        rate=pcm.sample_rate,
    )


def _resampler_like(frame: AudioFrame) -> AudioResampler:
    return AudioResampler(format=frame.format, layout=frame.layout, rate=frame.sample_rate)


@contextmanager
def opened(path: Path) -> Iterator[DecodedSource]:
    """The source ready to be decoded, closed afterwards.

    Raises: IncompleteRecording if what arrived is empty, text, or audio cut before its first
    sample; ConversionError if it is no audio we can decode.
    """
    with _container(path) as container:
        if not container.streams.audio:
            raise ConversionError(f"{path.name} holds no audio.")
        stream = container.streams.audio[0]
        yield DecodedSource(
            path=path,
            codec=stream.codec_context.codec.canonical_name,
            bit_rate=stream.codec_context.bit_rate or container.bit_rate or None,
            header_seconds=_header_seconds(path, container),
            container=container,
            stream=stream,
        )


def _header_seconds(path: Path, container: InputContainer) -> float | None:
    if container.format.name in ("wav", "aiff"):  # libav measures these by the file's size
        with path.open("rb") as file:
            layout = read_layout(file)
        if layout is not None:
            return layout.announced_size / layout.pcm.frame_bytes / layout.pcm.sample_rate
    if container.format.name in _COUNTED_FORMATS and container.duration:
        return container.duration / av.time_base
    return None


def _container(path: Path) -> InputContainer:
    try:
        return av.open(f"file:{path.absolute()}", options=_OPEN_OPTIONS, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise undecodable(path, error.strerror or str(error)) from error


def undecodable(path: Path, reason: str) -> SyncError:
    """Why nothing could be decoded: an `IncompleteRecording` or a `ConversionError`."""
    try:
        with path.open("rb") as file:
            head, size = file.read(512), path.stat().st_size
    except OSError as error:
        return ConversionError(f"{path} could not be read: {error.strerror}.")
    if size < _SMALLEST_FILE:
        return IncompleteRecording(f"The download is {size} bytes, too few to be a recording.")
    if _is_text(head):
        return IncompleteRecording("What arrived is a page of text, not audio.")
    if head.startswith(_AUDIO_MAGIC) or head[4:8] in (b"ftyp", b"styp", b"moov"):
        return IncompleteRecording(f"The download is cut short or damaged ({reason}).")
    return ConversionError(f"What arrived is not audio in a known format ({reason}).")


def _is_text(head: bytes) -> bool:
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return stripped.startswith((b"<", b"{", b"[", b"#EXT")) or control == 0
