"""What changes inside a file is brought to the shape of its beginning, or refused with a class."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import av
import av.error
import numpy as np
import pytest
import soundfile

from bench.samples import encode, music
from tasks.audio import decoding
from tasks.audio.convert import aiff_from_wav, convert
from tasks.audio.inspecting import inspect, is_whole
from tasks.audio.recording import Recording
from tasks.errors import ConversionError, SyncError

SECONDS = 4.0
KINDS = {"mp3": "libmp3lame", "aac": "aac"}
CODECS = KINDS | {"m4a": "aac"}


def part(folder: Path, kind: str, *, channels: int = 2, rate: int = 44_100) -> bytes:
    """One encoded stretch of music, in frames that can be joined to others."""
    sound = music(SECONDS, rate=rate, channels=channels)
    file = folder / f"{channels}-{rate}.{kind}"
    return encode(file, sound, codec=CODECS[kind], rate=rate).read_bytes()


def made(folder: Path, data: bytes, kind: str, announced: float | None) -> Recording:
    source = folder / f"joined.{kind}"
    source.write_bytes(data)
    return convert(source, folder / "t.wav", folder / "t.aiff", announced_seconds=announced)


@pytest.mark.parametrize("kind", KINDS)
def test_stereo_then_mono_is_whole_in_stereo(tmp_path, kind):
    """libav's FIFO would write beyond its memory here."""
    data = part(tmp_path, kind) + part(tmp_path, kind, channels=1)
    recording = made(tmp_path, data, kind, 2 * SECONDS)
    assert recording.channels == 2
    assert recording.seconds == pytest.approx(2 * SECONDS, abs=0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_mono_then_stereo_keeps_both_channels(tmp_path, kind):
    """What plays right only is heard: the files have two channels from the start."""
    stereo = music(SECONDS)
    stereo[0] = 0
    right = encode(tmp_path / f"right.{kind}", stereo, codec=KINDS[kind]).read_bytes()
    recording = made(tmp_path, part(tmp_path, kind, channels=1) + right, kind, 2 * SECONDS)
    samples, _ = soundfile.read(recording.wav)
    second_half = samples[round((SECONDS + 1) * 44_100) :]
    assert recording.channels == 2
    assert abs(second_half[:, 1]).max() > 0.1 > 20 * abs(second_half[:, 0]).max()


@pytest.mark.parametrize("kind", KINDS)
def test_another_rate_later_is_resampled_to_the_first(tmp_path, kind):
    """As ffmpeg does it, too."""
    data = part(tmp_path, kind) + part(tmp_path, kind, rate=48_000)
    recording = made(tmp_path, data, kind, 2 * SECONDS)
    assert recording.sample_rate == 44_100
    assert recording.seconds == pytest.approx(2 * SECONDS, abs=0.2)


@pytest.mark.parametrize("bits", [(3, 0xC0), (2, 0x04)], ids=["channels", "rate"])
def test_one_flipped_header_costs_no_more_than_its_frame(tmp_path, bits):
    """One byte of one frame says mono, or 48 kHz."""
    data = bytearray(part(tmp_path, "mp3"))
    frame = 70 * 417
    while not (data[frame] == 0xFF and data[frame + 1] == 0xFB):
        frame += 1
    data[frame + bits[0]] |= bits[1]
    recording = made(tmp_path, bytes(data), "mp3", SECONDS)
    assert recording.seconds == pytest.approx(SECONDS, abs=0.1)


@pytest.fixture(scope="module")
def second(tmp_path_factory) -> bytes:
    """A second of music."""
    file = tmp_path_factory.mktemp("second") / "a.m4a"
    return encode(file, music(1), codec="aac").read_bytes()


@pytest.fixture(scope="module")
def four_seconds(tmp_path_factory) -> bytes:
    """As much music as `SECONDS` says."""
    return part(tmp_path_factory.mktemp("four"), "m4a")


@pytest.mark.parametrize("seed", range(40))
def test_random_bytes_in_the_boxes_have_a_class(tmp_path, seed, four_seconds):
    """A coding that libav does not know, among others; or the recording is as long as it was."""
    data = bytearray(four_seconds)
    random = np.random.default_rng(seed)
    moov = data.index(b"moov")
    for place in random.integers(moov, len(data), 12):
        data[place] = random.integers(256)
    try:
        made(tmp_path, bytes(data), "m4a", SECONDS)
    except SyncError:
        assert not (tmp_path / "t.wav").exists()
    else:
        assert soundfile.info(tmp_path / "t.wav").duration == pytest.approx(SECONDS, abs=1.1)


def test_a_coding_that_nobody_knows_has_a_class(tmp_path):
    """The name of the coding in the box of sample descriptions is overwritten."""
    data = encode(tmp_path / "a.m4a", music(1), codec="aac").read_bytes()
    with pytest.raises(SyncError):
        made(tmp_path, data.replace(b"mp4a", b"zzzz").replace(b"esds", b"skip"), "m4a", 1.0)


def wav_of_rate(rate: int) -> bytes:
    body = struct.pack("<HHLLHH", 1, 2, rate, (rate * 4) & 0xFFFF_FFFF, 4, 16)
    sound = bytes(range(256)) * 400
    data = b"data" + struct.pack("<L", len(sound)) + sound
    chunks = b"fmt " + struct.pack("<L", 16) + body + data
    return b"RIFF" + struct.pack("<L", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize("rate", [1, 3_999, 1_000_000, 2**31 - 1])
def test_a_rate_that_no_recording_has_is_refused(tmp_path, rate):
    """It would not even fit into a header."""
    with pytest.raises(SyncError):
        made(tmp_path, wav_of_rate(rate), "wav", None)
    with pytest.raises(SyncError):
        aiff_from_wav(tmp_path / "joined.wav", tmp_path / "t.aiff")


def test_a_wav_of_nothing_but_empty_chunks_is_refused_at_once(tmp_path):
    """24 MB of them took 20 s and 600 MB."""
    wav = tmp_path / "empty.wav"
    wav.write_bytes(b"RIFF\x00\x00\x00\x02WAVE" + b"junk\0\0\0\0" * 3_000_000)
    began = time.process_time()
    with pytest.raises(ConversionError, match="chunks"):
        inspect(wav)
    assert not is_whole(wav, None)
    with pytest.raises(SyncError):
        convert(wav, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=None)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("rate", "wanted", "got"),
    [
        (192_000, None, 96_000),
        (176_400, None, 88_200),
        (96_000, None, 96_000),
        (192_000, 192_000, 192_000),
        (192_000, 48_000, 48_000),
    ],
)
def test_rates_that_few_players_take_come_down(tmp_path, rate, wanted, got):
    """Unless the setting names the rate."""
    sound = music(0.5, rate=rate)
    source = encode(tmp_path / "a.wav", sound, codec="pcm_f32le", rate=rate)
    made_files = convert(
        source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=0.5, sample_rate=wanted
    )
    assert (made_files.sample_rate, made_files.source_rate) == (got, rate)
    assert made_files.seconds == pytest.approx(0.5, abs=0.01)


def test_the_aiff_of_a_192_khz_wav_keeps_its_rate(tmp_path):
    """Both files of a recording hold equal PCM."""
    wav = encode(tmp_path / "t.wav", music(0.5, rate=192_000), codec="pcm_s24le", rate=192_000)
    assert aiff_from_wav(wav, tmp_path / "t.aiff").sample_rate == 192_000


LIBAV_ERRORS = sorted(
    (kind for kind in vars(av.error).values()
     if isinstance(kind, type) and issubclass(kind, av.error.FFmpegError)),
    key=lambda kind: kind.__name__,
)  # fmt: skip


class Failing:
    """A container whose demuxer, or whose packets, raise."""

    def __init__(self, real: object, error: Exception, where: str) -> None:
        self._real, self._error, self._where = real, error, where

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._real.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def demux(self, _stream: object) -> Iterator[object]:
        if self._where == "decode":
            yield self
        raise self._error

    def decode(self) -> None:
        raise self._error

    def __bytes__(self) -> bytes:
        return b"no tag"


@pytest.mark.parametrize("kind", LIBAV_ERRORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("where", ["open", "demux", "decode", "resample"])
def test_each_error_of_libav_has_a_class(tmp_path, monkeypatch, kind, where, second):
    """Whichever it raises, wherever it raises it."""
    source = tmp_path / "a.m4a"
    source.write_bytes(second)
    error, real = kind(1, "it says no"), av.open

    def fail(*_given: object, **_named: object) -> None:
        raise error

    def opening(*given: object, **named: object) -> Failing:
        return Failing(real(*given, **named), error, where)

    if where == "open":
        monkeypatch.setattr(decoding.av, "open", fail)
    elif where == "resample":
        monkeypatch.setattr(decoding, "_resampler_to", fail)
    else:
        monkeypatch.setattr(decoding.av, "open", opening)
    with pytest.raises(SyncError):
        convert(source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.m4a"]
