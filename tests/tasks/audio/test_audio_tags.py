"""Tags are written behind the samples, read by others, and leave the PCM alone."""

from __future__ import annotations

import struct
from pathlib import Path

import mutagen.aiff
import mutagen.wave
import pytest
import soundfile
from mutagen.id3 import ID3

from bench.samples import encode, music
from tasks.audio.convert import convert
from tasks.audio.inspecting import pcm_hash
from tasks.audio.recording import Recording
from tasks.audio.tags import Tags, image_type

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


def tagged(folder: Path, tags: Tags | None) -> Recording:
    """A recording with an odd number of data bytes, so that padding counts."""
    sound = music(1, channels=1)[:, :44_001]
    source = encode(folder / "source.wav", sound, codec="pcm_s24le")
    return convert(
        source, folder / "t.wav", folder / "t.aiff", announced_seconds=1, bit_depth=24, tags=tags
    )


def frames_of(recording: Recording) -> list[ID3]:
    """The ID3 tags of both files, as mutagen reads them; an empty one for none."""
    found = (mutagen.wave.WAVE(recording.wav).tags, mutagen.aiff.AIFF(recording.aiff).tags)
    return [ID3() if frames is None else frames for frames in found]


def assert_sound_and_sizes(recording: Recording) -> None:
    """The PCM is the recording's, and the outer size is the file's."""
    for path, order in ((recording.wav, "<"), (recording.aiff, ">")):
        assert pcm_hash(path) == recording.pcm_sha256
        assert soundfile.info(path).frames == recording.samples
        (size,) = struct.unpack_from(f"{order}L", path.read_bytes(), 4)
        assert path.stat().st_size == size + 8
        assert size % 2 == 0


def test_others_read_all_fields_and_the_pcm_is_untouched(tmp_path: Path) -> None:
    """mutagen reads ID3v2.3 from both files, soundfile the INFO of the WAV."""
    recording = tagged(tmp_path, FULL)
    assert_sound_and_sizes(recording)
    for frames in frames_of(recording):
        assert frames.version == (2, 3, 0)
        assert frames["TIT2"].text == [FULL.title]
        assert frames["TPE1"].text == [FULL.artist]
        assert frames["TALB"].text == [FULL.album]
        assert frames["TCON"].text == [FULL.genre]
        assert frames["COMM::eng"].text == ["line one line two"]
        assert frames["WOAS"].url == "https://soundcloud.com/%C5%82ona/snieg?x=a%20b"
        assert frames["TXXX:SOUNDCLOUD_ID"].text == ["123456789"]
        assert frames["TBPM"].text == ["174"]
        assert frames["TKEY"].text == ["F#m"]
        assert (frames["APIC:"].mime, frames["APIC:"].data) == ("image/jpeg", JPEG)
    with soundfile.SoundFile(recording.wav) as file:
        assert (file.title, file.artist) == (FULL.title, FULL.artist)
        assert (file.album, file.genre) == (FULL.album, FULL.genre)


def test_nothing_is_invented(tmp_path: Path) -> None:
    """Unknown fields write no frame, and no fields at all write no chunk."""
    plain = tagged(tmp_path, None)
    before = [path.read_bytes() for path in (plain.wav, plain.aiff)]
    same = tagged(tmp_path, Tags(bpm=0, key=" ", artwork=b"<html>"))
    assert [path.read_bytes() for path in (same.wav, same.aiff)] == before
    for frames in frames_of(tagged(tmp_path, Tags(title="Only"))):
        assert set(frames) == {"TIT2"}


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
def test_keys_are_written_as_id3_has_them(tmp_path: Path, given: str, written: str) -> None:
    """Spelled-out keys get ID3's short form, Camelot stays."""
    for frames in frames_of(tagged(tmp_path, Tags(key=given, bpm=127.98))):
        assert (frames["TKEY"].text, frames["TBPM"].text) == ([written], ["127.98"])


def test_only_pictures_are_pictures() -> None:
    """The types DJ software shows."""
    assert image_type(JPEG) == "image/jpeg"
    assert image_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert image_type(b"<html>") is None
