"""What is not the whole recording is refused with its class, and leaves nothing behind."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bench.samples import encode, music
from tasks.audio.convert import aiff_from_wav, convert
from tasks.audio.recording import is_length_right
from tasks.errors import ConversionError, IncompleteRecording, SyncError

SECONDS = 8.0
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "2000000"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The undamaged sources."""
    folder, sound = tmp_path_factory.mktemp("whole"), music(SECONDS)
    faststart = {"movflags": "faststart"}
    return {
        "mp3": encode(folder / "a.mp3", sound, codec="libmp3lame", bit_rate=128_000),
        "m4a": encode(folder / "a.m4a", sound, codec="aac"),
        "fast": encode(folder / "fast.m4a", sound, codec="aac", options=faststart),
        "fmp4": encode(folder / "f.m4a", sound, codec="aac", container="mp4", options=FRAGMENTS),
        "flac": encode(folder / "a.flac", sound, codec="flac"),
        "ogg": encode(folder / "a.ogg", music(SECONDS, rate=48_000), codec="libopus", rate=48_000),
        "wav": encode(folder / "a.wav", sound, codec="pcm_s16le"),
    }


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The top-level boxes of an MP4: name and bytes."""
    position = 0
    while position < len(data):
        size, name = struct.unpack_from(">L4s", data, position)
        yield name, data[position : position + size]
        position += size


def without_fragment(data: bytes, number: int) -> bytes:
    """An MP4 that lacks one moof and its mdat."""
    kept, seen = b"", 0
    for name, box in boxes(data):
        seen += name == b"moof"
        if not (seen == number and name in (b"moof", b"mdat")):
            kept += box
    return kept


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def refused(source: Path, folder: Path, announced: float | None) -> SyncError:
    """The error of a conversion that must fail and leave nothing."""
    folder.mkdir()
    with pytest.raises(SyncError) as caught:
        convert(source, folder / "t.wav", folder / "t.aiff", announced_seconds=announced)
    assert list(folder.iterdir()) == []
    return caught.value


@pytest.mark.parametrize("announced", [SECONDS, None])
@pytest.mark.parametrize("kind", ["mp3", "m4a", "fast", "fmp4", "flac", "ogg", "wav"])
def test_the_undamaged_are_taken(
    whole: dict[str, Path], tmp_path: Path, kind: str, announced: float | None
) -> None:
    """The refusals below are about the damage, not about the format."""
    recording = convert(
        whole[kind], tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=announced
    )
    assert recording.seconds == pytest.approx(SECONDS, abs=0.06)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "fast", "fmp4", "flac", "ogg", "wav"])
def test_a_truncated_download_is_incomplete(
    whole: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    """Half of any format is an IncompleteRecording, which another attempt may cure."""
    source = tmp_path / whole[kind].name
    source.write_bytes(half(whole[kind].read_bytes()))
    error = refused(source, tmp_path / "out", SECONDS)
    assert type(error) is IncompleteRecording
    assert error.retryable


@pytest.mark.parametrize("kind", ["m4a", "fast", "flac", "wav"])
def test_a_truncated_download_without_an_announced_length(
    whole: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    """Formats that count their samples tell by themselves."""
    source = tmp_path / whole[kind].name
    source.write_bytes(half(whole[kind].read_bytes()))
    assert type(refused(source, tmp_path / "out", None)) is IncompleteRecording


@pytest.mark.parametrize("announced", [SECONDS, None])
def test_a_missing_fragment_is_incomplete(
    whole: dict[str, Path], tmp_path: Path, announced: float | None
) -> None:
    """yt-dlp and ffmpeg let 10 s in the middle go missing without a word; the count does not."""
    source = tmp_path / "gap.m4a"
    source.write_bytes(without_fragment(whole["fmp4"].read_bytes(), 2))
    error = refused(source, tmp_path / "out", announced)
    assert type(error) is IncompleteRecording
    assert "8.0 s were announced" in str(error)


def test_doubled_audio_is_refused(whole: dict[str, Path], tmp_path: Path) -> None:
    """A stale part with the file appended to it is longer than announced."""
    source = tmp_path / "twice.mp3"
    source.write_bytes(whole["mp3"].read_bytes() * 2)
    assert type(refused(source, tmp_path / "out", SECONDS)) is IncompleteRecording


def test_damage_in_the_middle_is_incomplete(whole: dict[str, Path], tmp_path: Path) -> None:
    """Zeros in place of 20 kB of MP3 or AAC."""
    for kind in ("mp3", "fast"):
        data = bytearray(whole[kind].read_bytes())
        data[50_000:70_000] = bytes(20_000)
        source = tmp_path / f"zeros.{kind}"
        source.write_bytes(data)
        assert type(refused(source, tmp_path / f"out-{kind}", SECONDS)) is IncompleteRecording


HTML = b"<!DOCTYPE html><html><head><title>503</title></head><body>" + b"<p>Busy</p>" * 800


@pytest.mark.parametrize(
    ("content", "expected", "words"),
    [
        (b"", IncompleteRecording, "0 bytes"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07", IncompleteRecording, "8 bytes"),
        (HTML, IncompleteRecording, "a page of text"),
        (b'{"error": "not found"}' * 60, IncompleteRecording, "a page of text"),
        (np.random.default_rng(1).bytes(40_000), ConversionError, "not audio"),
        (bytes(40_000), ConversionError, "not audio"),
    ],
    ids=["empty", "8 bytes", "html", "json", "noise", "zeros"],
)
@pytest.mark.parametrize("name", ["x.mp3", "x.m4a"])
def test_what_is_no_audio_is_refused(
    tmp_path: Path, name: str, content: bytes, expected: type[SyncError], words: str
) -> None:
    """Another attempt may cure an empty answer or an error page, but not an unknown format."""
    source = tmp_path / name
    source.write_bytes(content)
    error = refused(source, tmp_path / "out", SECONDS)
    assert type(error) is expected
    assert words in str(error)


@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "flac"])
def test_silence_is_refused(tmp_path: Path, codec: str) -> None:
    """All silent, at the right length: not the recording."""
    suffix = {"libmp3lame": ".mp3", "aac": ".m4a", "flac": ".flac"}[codec]
    silence = np.zeros((2, 44_100 * 2), dtype=np.float32)
    source = encode(tmp_path / f"silent{suffix}", silence, codec=codec)
    error = refused(source, tmp_path / "out", 2.0)
    assert type(error) is IncompleteRecording
    assert "silent" in str(error)


def test_a_quiet_recording_is_taken(tmp_path: Path) -> None:
    """Quiet music (-60 dBFS) is no silence."""
    source = encode(tmp_path / "quiet.flac", music(1) * np.float32(0.001), codec="flac")
    convert(source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=1)
    assert (tmp_path / "t.wav").exists()


def test_trailing_rubbish_is_no_damage(whole: dict[str, Path], tmp_path: Path) -> None:
    """An old tag behind an MP3's last frame, at the right length, is no reason to refuse it."""
    source = tmp_path / "tagged.mp3"
    source.write_bytes(whole["mp3"].read_bytes() + b"TAG" + b"\xff\xfe\xf0junk" * 500)
    recording = convert(source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=SECONDS)
    assert recording.seconds == pytest.approx(SECONDS, abs=0.1)


LYRICS = b"LYRICSBEGININD0000200" + b"la la " * 40 + b"000261LYRICS200"
ID3V2 = b"ID3\x03\x00\x00\x00\x00\x08\x00" + bytes(1024)


@pytest.mark.parametrize("announced", [SECONDS, None])
@pytest.mark.parametrize(
    "trailer",
    [LYRICS + b"TAG" + b"a" * 125, ID3V2, bytes(500), bytes(30_000)],
    ids=["lyrics", "id3", "zeros", "many zeros"],
)
def test_what_taggers_leave_behind_is_no_damage(
    whole: dict[str, Path], tmp_path: Path, trailer: bytes, announced: float | None
) -> None:
    """Every sample decodes, whether somebody announced a length or not."""
    source = tmp_path / "tagged.mp3"
    source.write_bytes(whole["mp3"].read_bytes() + trailer)
    recording = convert(
        source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=announced
    )
    assert recording.seconds == pytest.approx(SECONDS, abs=0.1)


def test_zeros_between_frames_are_damage(whole: dict[str, Path], tmp_path: Path) -> None:
    """Half a second of audio is lost there; without an announced length too."""
    data = bytearray(whole["mp3"].read_bytes())
    data[50_000:58_000] = bytes(8_000)
    source = tmp_path / "zeros.mp3"
    source.write_bytes(data)
    assert type(refused(source, tmp_path / "out", None)) is IncompleteRecording


def test_a_second_is_the_tolerance_however_long_it_is(tmp_path: Path) -> None:
    """A segment of 10 s may not be missing from 35 minutes, nor from 20 hours."""
    assert is_length_right(2_099.1, 2_100)
    assert not is_length_right(2_089.6, 2_100)
    assert not is_length_right(71_990, 72_000)


def test_a_fragment_that_is_missing_is_a_gap_even_if_its_length_is_left_out(
    whole: dict[str, Path], tmp_path: Path
) -> None:
    """A playlist that leaves a segment out announces a length without it."""
    source = tmp_path / "gap.m4a"
    source.write_bytes(without_fragment(whole["fmp4"].read_bytes(), 2))
    error = refused(source, tmp_path / "out", SECONDS - 2.0)
    assert type(error) is IncompleteRecording
    assert "missing inside" in str(error)


def test_a_tag_between_frames_is_no_damage(whole: dict[str, Path], tmp_path: Path) -> None:
    """HLS segments of MP3 may each begin with an ID3 tag: forgiven, for nothing is missing."""
    source = tmp_path / "joined.mp3"
    source.write_bytes(whole["mp3"].read_bytes() * 2)
    recording = convert(
        source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=2 * SECONDS
    )
    assert recording.seconds == pytest.approx(2 * SECONDS, abs=0.1)


def test_a_playlist_in_audio_clothing_is_not_followed(tmp_path: Path) -> None:
    """A downloaded file that lists other files must not make us read them."""
    secret = encode(tmp_path / "secret.mp3", music(2), codec="libmp3lame")
    source = tmp_path / "list.mp3"
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n"
    source.write_text(text * 10)
    assert type(refused(source, tmp_path / "out", 2.0)) is IncompleteRecording


def test_no_aiff_is_made_of_a_cut_wav(whole: dict[str, Path], tmp_path: Path) -> None:
    """Repairing starts from whole files only."""
    wav = tmp_path / "cut.wav"
    wav.write_bytes(half(whole["wav"].read_bytes()))
    with pytest.raises(IncompleteRecording):
        aiff_from_wav(wav, tmp_path / "cut.aiff")
    assert [path.name for path in tmp_path.iterdir()] == ["cut.wav"]


def wav_of(samples: np.ndarray, *, tag: int = 1, order: str = "<", rate: int = 44_100) -> bytes:
    """A WAV of two channels as a program might write it; RIFX for big-endian samples."""
    data, width = samples.astype(samples.dtype.newbyteorder(order)).tobytes(), samples.itemsize
    form = struct.pack(f"{order}HHLLHH", tag, 2, rate, rate * 2 * width, 2 * width, 8 * width)
    chunks = b"WAVEfmt " + struct.pack(f"{order}L", 16) + form
    chunks += b"data" + struct.pack(f"{order}L", len(data)) + data
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}L", len(chunks)) + chunks


def test_a_wav_of_the_other_byte_order_does_not_become_noise(tmp_path: Path) -> None:
    """It is refused; the same samples in the usual order are taken."""
    sound = (music(2.0).T * 32_767).astype(np.int16)
    big, usual = tmp_path / "big.wav", tmp_path / "usual.wav"
    big.write_bytes(wav_of(sound, order=">"))
    usual.write_bytes(wav_of(sound))
    assert isinstance(refused(big, tmp_path / "out", 2.0), ConversionError)
    made = convert(usual, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=2.0)
    assert made.seconds == pytest.approx(2.0)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_floats_that_are_no_numbers_do_not_become_clicks(tmp_path: Path, number: float) -> None:
    """One of them would stand at full scale."""
    sound = music(2.0).T.astype(np.float32)
    sound[5_000, 0] = number
    source = tmp_path / "a.wav"
    source.write_bytes(wav_of(sound, tag=3))
    error = refused(source, tmp_path / "out", 2.0)
    assert isinstance(error, ConversionError)
    assert "no numbers" in str(error)


def test_a_recording_that_stands_at_one_value_is_silent(tmp_path: Path) -> None:
    """Nobody hears a constant, however large."""
    source = tmp_path / "a.wav"
    source.write_bytes(wav_of(np.full((88_200, 2), 12_000, np.int16)))
    assert "silent" in str(refused(source, tmp_path / "out", 2.0))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff" * 20_000, "is not audio in a known format"),
        (b"\xff", "is 1 byte, too few"),
        ("Zu viele Anfragen \u2013 sp\u00e4ter nochmal. ".encode() * 50, "page of text"),
    ],
)
def test_what_arrived_is_called_by_its_name(tmp_path: Path, data: bytes, said: str) -> None:
    """Bytes that are no letters are no text."""
    source = tmp_path / "a.mp3"
    source.write_bytes(data)
    assert said in str(refused(source, tmp_path / "out", None))


def test_a_coding_without_a_name_is_said_in_words(tmp_path: Path) -> None:
    """Neither libav's number for it, nor its plea for patches."""
    source = tmp_path / "a.wav"
    source.write_bytes(wav_of((music(2.0).T * 32_767).astype(np.int16), tag=0x2000))
    error = str(refused(source, tmp_path / "out", 2.0))
    assert "a coding that libav does not read" in error
    assert "Error number" not in error
