"""Tags are written behind the samples, read by others, and leave the PCM alone."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import mutagen.aiff
import mutagen.wave
import pytest
import soundfile
from mutagen.id3 import GEOB, TIT2

from bench.samples import encode, music
from tasks.audio.convert import convert
from tasks.audio.inspecting import pcm_hash
from tasks.audio.recording import Recording
from tasks.audio.tags import Tags, image_type, read_tags, write_tags
from tasks.errors import FileError, MetadataError

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(251)) * 5
FULL = Tags(
    title="Śnieg / 雪 – Ночь (Mix)",
    artist="Björk & Łona",
    album="Zima",
    genre="Drum & Bass",
    comment="line one\nline two",
    source_url="https://soundcloud.com/łona/snieg?x=a b",
    soundcloud_id="123456789",
    bpm=174.0,
    key="F♯ minor",
    artwork=JPEG,
)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """An odd number of data bytes, so that padding counts."""
    sound = music(1, channels=1)[:, :44_001]
    source = encode(tmp_path / "source.wav", sound, codec="pcm_s24le")
    return convert(
        source, tmp_path / "t.wav", tmp_path / "t.aiff", announced_seconds=1, bit_depth=24
    )


def assert_sound_and_sizes(recording: Recording) -> None:
    """The PCM is the recording's, and the outer size is the file's."""
    for path, order in ((recording.wav, "<"), (recording.aiff, ">")):
        assert pcm_hash(path) == recording.pcm_sha256
        assert soundfile.info(path).frames == recording.samples
        (size,) = struct.unpack_from(f"{order}L", path.read_bytes(), 4)
        assert path.stat().st_size == size + 8
        assert size % 2 == 0


def expected(tags: Tags) -> Tags:
    """What reading gives back: one line, an ASCII address, the key as ID3 writes it."""
    return replace(
        tags,
        comment="line one line two",
        source_url="https://soundcloud.com/%C5%82ona/snieg?x=a%20b",
        key="F#m",
    )


def test_all_fields_survive_and_the_pcm_is_untouched(recording: Recording) -> None:
    """Every field comes back from both files."""
    write_tags(recording.wav, recording.aiff, FULL)
    assert_sound_and_sizes(recording)
    assert read_tags(recording.wav) == read_tags(recording.aiff) == expected(FULL)


def test_tags_given_to_the_conversion_are_the_same(tmp_path: Path) -> None:
    """Tagging in the same pass gives the bytes of tagging afterwards."""
    source = encode(tmp_path / "s.flac", music(1), codec="flac")
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    convert(source, first / "t.wav", first / "t.aiff", announced_seconds=1, tags=FULL)
    late = convert(source, second / "t.wav", second / "t.aiff", announced_seconds=1)
    write_tags(late.wav, late.aiff, FULL, pcm_sha256=late.pcm_sha256)
    for name in ("t.wav", "t.aiff"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_independent_readers_see_them(recording: Recording) -> None:
    """mutagen reads ID3v2.3 from both files, soundfile the INFO of the WAV."""
    write_tags(recording.wav, recording.aiff, FULL)
    for frames in (
        mutagen.wave.WAVE(recording.wav).tags,
        mutagen.aiff.AIFF(recording.aiff).tags,
    ):
        assert frames.version == (2, 3, 0)
        assert frames["TIT2"].text == [FULL.title]
        assert frames["TXXX:SOUNDCLOUD_ID"].text == ["123456789"]
        assert frames["TBPM"].text == ["174"]
        assert frames["APIC:"].mime == "image/jpeg"
    with soundfile.SoundFile(recording.wav) as file:
        assert (file.title, file.artist) == (FULL.title, FULL.artist)
        assert (file.album, file.genre) == (FULL.album, FULL.genre)


def test_nothing_is_invented(recording: Recording) -> None:
    """Unknown fields write no frame, and no fields at all write no chunk."""
    before = [path.read_bytes() for path in (recording.wav, recording.aiff)]
    write_tags(recording.wav, recording.aiff, Tags(bpm=0, key=" ", artwork=b"<html>"))
    assert [path.read_bytes() for path in (recording.wav, recording.aiff)] == before
    write_tags(recording.wav, recording.aiff, Tags(title="Only"))
    assert set(mutagen.aiff.AIFF(recording.aiff).tags) == {"TIT2"}
    assert read_tags(recording.wav) == Tags(title="Only")


def test_writing_twice_changes_nothing(recording: Recording) -> None:
    """The old chunks are replaced, not added to."""
    write_tags(recording.wav, recording.aiff, FULL)
    before = [path.read_bytes() for path in (recording.wav, recording.aiff)]
    write_tags(recording.wav, recording.aiff, FULL)
    assert [path.read_bytes() for path in (recording.wav, recording.aiff)] == before


def test_frames_of_other_programs_stay(recording: Recording) -> None:
    """Serato keeps cue points in GEOB frames of the same tag."""
    for file in (mutagen.wave.WAVE(recording.wav), mutagen.aiff.AIFF(recording.aiff)):
        file.add_tags()
        file.tags.add(GEOB(encoding=0, mime="x", filename="", desc="Serato", data=b"cues"))
        file.tags.add(TIT2(encoding=3, text=["old"]))
        file.save()
    write_tags(recording.wav, recording.aiff, Tags(title="new", artwork=JPEG))
    assert_sound_and_sizes(recording)
    for path, reader in ((recording.wav, mutagen.wave.WAVE), (recording.aiff, mutagen.aiff.AIFF)):
        frames = reader(path).tags
        assert frames["GEOB:Serato"].data == b"cues"
        assert frames["TIT2"].text == ["new"]


def test_tags_before_the_samples_give_way(tmp_path: Path, recording: Recording) -> None:
    """ffmpeg puts LIST before the data: it becomes filler, so that only one truth is left."""
    data = recording.wav.read_bytes()
    old = b"LIST" + struct.pack("<L", 18) + b"INFOINAM" + struct.pack("<L", 6) + b"wrong\0"
    moved = data[:36] + old + data[36:]
    recording.wav.write_bytes(b"RIFF" + struct.pack("<L", len(moved) - 8) + moved[8:])
    assert read_tags(recording.wav) == Tags(title="wrong")
    write_tags(recording.wav, recording.aiff, Tags(title="right"))
    assert_sound_and_sizes(recording)
    with soundfile.SoundFile(recording.wav) as file:
        assert file.title == "right"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("A minor", "Am"),
        ("Bb major", "Bb"),
        ("c#min", "C#m"),
        ("G", "G"),
        ("8A", "8A"),
        ("Am", "Am"),
    ],
)
def test_keys_are_written_as_id3_has_them(recording: Recording, given: str, written: str) -> None:
    """Spelled-out keys get ID3's short form, Camelot stays."""
    write_tags(recording.wav, recording.aiff, Tags(key=given, bpm=127.98))
    assert read_tags(recording.aiff) == Tags(key=written, bpm=127.98)


def test_what_is_no_audio_file_is_refused_untouched(tmp_path: Path, recording: Recording) -> None:
    """No tag is written into anything but whole WAV and AIFF files."""
    text = tmp_path / "x.wav"
    text.write_text("hello")
    with pytest.raises(MetadataError, match="no whole WAV"):
        write_tags(text, recording.aiff, FULL)
    with pytest.raises(MetadataError, match="no whole AIFF"):
        write_tags(recording.wav, recording.wav, FULL)
    assert text.read_text() == "hello"
    with pytest.raises(FileError):
        read_tags(tmp_path / "missing.wav")


def test_only_pictures_are_pictures() -> None:
    """The types DJ software shows."""
    assert image_type(JPEG) == "image/jpeg"
    assert image_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert image_type(b"<html>") is None
