"""One decode makes a proven WAV and AIFF, in the format DJ software reads."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.samples import encode, music
from tasks.audio.convert import aiff_from_wav, convert
from tasks.audio.inspecting import inspect, is_whole, pcm_hash
from tasks.audio.recording import Recording
from tasks.errors import ConversionError, FileError

SECONDS = 5.0


@pytest.fixture(scope="module")
def aac(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("aac") / "source.m4a"
    return encode(path, music(SECONDS), codec="aac")


def run(source: Path, folder: Path, **options: object) -> Recording:
    options.setdefault("announced_seconds", SECONDS)
    return convert(source, folder / "t.wav", folder / "t.aiff", **options)  # type: ignore[arg-type]


def soundfile_hash(path: Path, dtype: str) -> str:
    samples, _ = soundfile.read(path, dtype=dtype)
    return hashlib.sha256(samples.tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("codec", "suffix", "rate", "channels"),
    [
        ("aac", ".m4a", 44_100, 2),
        ("libmp3lame", ".mp3", 44_100, 2),
        ("libmp3lame", ".mp3", 48_000, 1),
        ("libopus", ".ogg", 48_000, 2),
        ("flac", ".flac", 96_000, 2),
        ("aac", ".m4a", 44_100, 6),
    ],
)
def test_an_independent_reader_finds_the_same_pcm_in_both(
    tmp_path: Path, codec: str, suffix: str, rate: int, channels: int
) -> None:
    """soundfile reads WAV and AIFF with the right counts and PCM that hashes to the fingerprint."""
    sound = music(2, rate=rate, channels=channels)
    source = encode(tmp_path / f"source{suffix}", sound, codec=codec, rate=rate)
    recording = run(source, tmp_path, announced_seconds=2)
    for path in (recording.wav, recording.aiff):
        info = soundfile.info(path)
        assert (info.frames, info.samplerate) == (recording.samples, rate)
        assert (info.channels, info.subtype) == (min(channels, 2), "PCM_16")
        assert soundfile_hash(path, "int16") == recording.pcm_sha256
        assert pcm_hash(path) == recording.pcm_sha256
        assert is_whole(path, 2)
    assert recording.seconds == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_24_bits_keep_every_bit_and_the_plain_pcm_tag(tmp_path: Path, rate: int) -> None:
    """rekordbox refuses WAVE_FORMAT_EXTENSIBLE: format tag 1 at any rate, and the source's bits."""
    source = encode(tmp_path / "source.wav", music(1, rate=rate), codec="pcm_s24le", rate=rate)
    recording = run(source, tmp_path, announced_seconds=1, bit_depth=24)
    header = recording.wav.read_bytes()[:44]
    assert struct.unpack_from("<HHLLHH", header, 20) == (1, 2, rate, rate * 6, 6, 24)
    expected, _ = soundfile.read(source, dtype="int32")
    for path in (recording.wav, recording.aiff):
        assert soundfile.info(path).subtype == "PCM_24"
        assert np.array_equal(soundfile.read(path, dtype="int32")[0], expected)
    assert recording.pcm_sha256 == pcm_hash(source)


def test_odd_sized_data_is_padded(tmp_path: Path) -> None:
    """An odd number of mono 24-bit samples has an odd size: both files stay even and readable."""
    sound = music(1, channels=1)[:, :44_001]
    source = encode(tmp_path / "source.wav", sound, codec="pcm_s24le")
    recording = run(source, tmp_path, announced_seconds=None, bit_depth=24)
    assert recording.samples == 44_001
    for path in (recording.wav, recording.aiff):
        assert path.stat().st_size % 2 == 0
        assert soundfile.info(path).frames == 44_001


@pytest.mark.parametrize(("wanted", "got"), [(48_000, 48_000), (192_000, 96_000), (None, 96_000)])
def test_the_rate_is_lowered_on_demand_and_never_raised(
    tmp_path: Path, wanted: int | None, got: int
) -> None:
    """A setting above the source's rate is left aside; without one the source's rate stays."""
    source = encode(tmp_path / "source.flac", music(2, rate=96_000), codec="flac", rate=96_000)
    recording = run(source, tmp_path, announced_seconds=2, sample_rate=wanted)
    assert recording.sample_rate == soundfile.info(recording.wav).samplerate == got
    assert recording.seconds == pytest.approx(2, abs=0.01)


def test_equal_pcm_has_equal_fingerprints(tmp_path: Path) -> None:
    """The same samples from FLAC and from WAV hash alike."""
    sound = music(1)
    (tmp_path / "a").mkdir()
    flac = encode(tmp_path / "source.flac", sound, codec="flac")
    wav = encode(tmp_path / "source.wav", sound, codec="pcm_s16le")
    first = run(flac, tmp_path, announced_seconds=1)
    second = run(wav, tmp_path / "a", announced_seconds=None)
    assert first.pcm_sha256 == second.pcm_sha256 == soundfile_hash(wav, "int16")


@pytest.mark.parametrize("which", [0, 1], ids=["WAV", "AIFF"])
def test_a_disk_that_forgets_bytes_is_noticed(
    aac: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """One flipped bit between writing and reading back: refused, and nothing stays."""
    from tasks.audio import convert as module  # noqa: PLC0415 - patched in this test only

    real = module.prove

    def flip_and_prove(paths: list[Path], *rest: object) -> None:
        with paths[which].open("r+b") as file:
            file.seek(100_000)
            byte = file.read(1)[0]
            file.seek(100_000)
            file.write(bytes([byte ^ 1]))
        real(paths, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "prove", flip_and_prove)
    with pytest.raises(ConversionError, match="read back"):
        run(aac, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_beyond_4_gb_is_refused_at_once(aac: Path, tmp_path: Path) -> None:
    """Seven announced hours of 16-bit stereo cannot be named by a WAV's 32-bit sizes."""
    with pytest.raises(ConversionError, match=r"7\.0 hours.*4 GB"):
        run(aac, tmp_path, announced_seconds=7 * 3600)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_file_error(aac: Path, tmp_path: Path) -> None:
    """The error names the path and what to do."""
    with pytest.raises(FileError, match="folder does not exist") as caught:
        run(aac, tmp_path / "gone")
    assert "mount" in caught.value.remedy


@pytest.mark.parametrize(
    ("subtype", "depth"), [("PCM_16", 16), ("PCM_24", 24), ("FLOAT", 24), ("PCM_32", 24)]
)
def test_the_missing_aiff_of_a_wav_is_made(tmp_path: Path, subtype: str, depth: int) -> None:
    """16 and 24 bits keep every bit, extensible headers too; the WAV stays as it is."""
    wav, aiff = tmp_path / "t.wav", tmp_path / "t.aiff"
    soundfile.write(wav, music(1).T, 44_100, subtype=subtype, format="WAVEX")
    before = wav.read_bytes()
    recording = aiff_from_wav(wav, aiff)
    assert (recording.samples, recording.bit_depth) == (44_100, depth)
    assert wav.read_bytes() == before
    if subtype in ("PCM_16", "PCM_24"):
        assert pcm_hash(wav) == pcm_hash(aiff) == recording.pcm_sha256
    else:
        difference = soundfile.read(wav)[0] - soundfile.read(aiff)[0]
        assert abs(difference).max() < 2**-22


def test_facts_of_foreign_files(aac: Path, tmp_path: Path) -> None:
    """Compressed files are counted by decoding; AIFC-sowt by its chunks, with the same hash."""
    facts = inspect(aac)
    assert (facts.sample_rate, facts.channels, facts.bit_depth) == (44_100, 2, 0)
    assert facts.seconds == pytest.approx(SECONDS, abs=0.06)
    sound = music(1).T
    soundfile.write(tmp_path / "a.aiff", sound, 44_100, subtype="PCM_16")
    soundfile.write(tmp_path / "b.aifc", sound, 44_100, format="AIFF", endian="LITTLE")
    hashes = {pcm_hash(tmp_path / name) for name in ("a.aiff", "b.aifc")}
    assert hashes == {soundfile_hash(tmp_path / "a.aiff", "int16")}
    assert not is_whole(tmp_path / "missing.wav", None)
    assert not is_whole(aac, SECONDS + 2)


def test_a_cut_wav_is_not_whole(tmp_path: Path) -> None:
    """The facts count what is there, and wholeness sees that the header announced more."""
    wav = encode(tmp_path / "t.wav", music(2), codec="pcm_s16le")
    wav.write_bytes(wav.read_bytes()[:200_000])
    assert inspect(wav).samples == pytest.approx(50_000, abs=50)
    assert not is_whole(wav, None)
