"""What was heard before is found by its sound, quickly, and survives crashes and other writers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.samples import encode
from sandbox.audio_files import _music
from tasks.audio.acoustic import AcousticStore, Heard
from tasks.audio.fingerprint import AcousticFingerprint, compare, same_audio
from tasks.audio.stage import take_fingerprint
from tasks.dedupe.matching import same_version
from tasks.errors import ConversionError

DICE = np.random.default_rng(11)
FPCALC = shutil.which("fpcalc")
needs_fpcalc = [
    pytest.mark.extra,
    pytest.mark.skipif(FPCALC is None, reason="fpcalc (libchromaprint-tools) is not installed"),
]


def words(count: int = 948) -> np.ndarray:
    return DICE.integers(0, 1 << 32, count, dtype=np.uint32)


def noisy(clean: np.ndarray, share: float = 0.05) -> np.ndarray:
    turned = DICE.random((len(clean), 32)) < share
    return clean ^ np.packbits(turned, axis=1, bitorder="little").view(np.uint32).ravel()


def heard(number: int, some: np.ndarray, seconds: float = 300.0) -> Heard:
    sound = AcousticFingerprint(some, seconds)
    return Heard(eagle_id=f"ITEM{number}", pcm_sha256=f"{number:064x}", fingerprint=sound)


@pytest.fixture
def songs() -> list[np.ndarray]:
    return [words() for _ in range(600)]


@pytest.fixture
def store(tmp_path: Path, songs: list[np.ndarray]) -> AcousticStore:
    """Six hundred recordings: enough that the index has a sorted part and a newest one."""
    store = AcousticStore(tmp_path / "machine" / "acoustic.jsonl")
    for number, song in enumerate(songs):
        store.add(heard(number, song))
    return store


@pytest.mark.parametrize("number", [0, 300, 599])
def test_the_same_recording_is_found_among_many(store, songs, number) -> None:
    """Whether it was heard first or last, in another encoding."""
    (found,) = store.like(AcousticFingerprint(noisy(songs[number]), 301.0))
    assert found.heard.eagle_id == f"ITEM{number}"
    assert found.is_same


def test_unknown_music_has_no_likeness(store) -> None:
    """Different recordings share no words worth comparing."""
    assert store.like(AcousticFingerprint(words(), 300.0)) == []


def test_another_length_is_only_alike(store, songs) -> None:
    """A preview, or an edit of 60 %, has the same bits: no duplicate."""
    (found,) = store.like(AcousticFingerprint(songs[7][:240], 30.0))
    assert not found.is_same
    assert found.comparison.bit_error_rate < 0.01


def test_the_same_edit_stands_before_another(store, songs) -> None:
    """Both are known: the one of the right length is the answer."""
    store.add(heard(9000, noisy(songs[7]), seconds=200.0))
    first, second = store.like(AcousticFingerprint(noisy(songs[7]), 200.0))
    assert (first.heard.eagle_id, first.is_same) == ("ITEM9000", True)
    assert (second.heard.eagle_id, second.is_same) == ("ITEM7", False)


def test_what_was_heard_is_kept_and_other_processes_see_it(store, songs, tmp_path) -> None:
    """A second store on the same file knows all, and each learns of what the other adds."""
    other = AcousticStore(tmp_path / "machine" / "acoustic.jsonl")
    assert len(other) == len(songs)
    new = words()
    other.add(heard(1000, new))
    assert store.like(AcousticFingerprint(new, 300.0))[0].heard.eagle_id == "ITEM1000"
    size = (tmp_path / "machine" / "acoustic.jsonl").stat().st_size
    store.add(heard(1000, new))
    assert (tmp_path / "machine" / "acoustic.jsonl").stat().st_size == size


def test_half_a_line_of_a_crash_costs_that_line_alone(tmp_path) -> None:
    """The next line begins on its own, and what cannot be read is left out."""
    file = tmp_path / "acoustic.jsonl"
    first, second = words(), words()
    AcousticStore(file).add(heard(1, first))
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:200])
    AcousticStore(file).add(heard(2, second))
    store = AcousticStore(file)
    assert len(store) == 2
    assert store.like(AcousticFingerprint(second, 300.0))[0].heard.eagle_id == "ITEM2"


def test_a_shared_introduction_is_no_shared_recording() -> None:
    """Ninety seconds of jingle and the same hour of length: two episodes."""
    one, other = words(), words()
    other[:711] = one[:711]
    first, second = (AcousticFingerprint(some, 3600.0) for some in (one, other))
    assert compare(first, second).bit_error_rate < 0.15
    assert not same_audio(first, second)
    assert same_audio(first, AcousticFingerprint(noisy(one), 3600.0))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Nova - Glass", "nova - glass [Free DL]", True),
        ("Nova - Glass (Original Mix)", "Glass", True),
        ("Nova - Glass (Clean)", "Nova - Glass (Dirty)", False),
        ("Nova - Glass", "Nova - Glass (Instrumental)", False),
        ("Night Show Episode 12", "Night Show Episode 13", False),
        ("Nova - Glass pt. 2", "Nova - Glass Part II", True),
    ],
)
def test_titles_may_forbid_what_sounds_the_same(one, other, agree) -> None:
    """Versions and numbers must agree; decorations and artists need not."""
    assert same_version(one, other) is agree
    assert same_version(other, one) is agree


class TestFpcalc:
    """The real program, by prefect-shell."""

    pytestmark = needs_fpcalc

    async def test_encodings_sound_the_same_and_lengths_tell_edits(self, tmp_path):
        """AAC and MP3 of one recording agree; another recording does not; neither does an edit."""
        whole = _music(40.0, 44_100, 3).astype(np.float32) / 32768
        other = _music(40.0, 44_100, 4).astype(np.float32) / 32768
        taken = {}
        for name, sound, codec in (
            ("a.m4a", whole, "aac"),
            ("b.mp3", whole, "libmp3lame"),
            ("c.wav", other, "pcm_s16le"),
            ("d.wav", np.ascontiguousarray(whole[:, : 44_100 * 28]), "pcm_s16le"),
        ):
            file = encode(tmp_path / name, sound, codec=codec)
            taken[name[0]] = await take_fingerprint.fn(file, sound.shape[1] / 44_100, str(FPCALC))
        assert same_audio(taken["a"], taken["b"])
        assert not same_audio(taken["a"], taken["c"])
        assert not same_audio(taken["a"], taken["d"])
        assert compare(taken["a"], taken["d"]).bit_error_rate < 0.15

    async def test_a_path_is_never_part_of_a_command(self, tmp_path):
        """A title with quotes, dollars and line ends is a path and nothing else."""
        folder = tmp_path / "x'; touch hacked; \" $(touch hacked) `touch hacked`\n& -"
        folder.mkdir()
        sound = _music(25.0, 44_100, 5).astype(np.float32) / 32768
        file = encode(folder / "t.wav", sound, codec="pcm_s16le")
        taken = await take_fingerprint.fn(file, 25.0, str(FPCALC))
        assert len(taken.words) > 150
        assert not list(tmp_path.rglob("hacked"))
        assert not Path("hacked").exists()

    async def test_what_it_cannot_read_is_said(self, tmp_path):
        """No audio, no answer in time: one class of error."""
        (tmp_path / "no.wav").write_text("no audio")
        with pytest.raises(ConversionError, match=r"could not read no\.wav"):
            await take_fingerprint.fn(tmp_path / "no.wav", 1.0, str(FPCALC))
        slow = tmp_path / "slow"
        slow.write_text("#!/bin/sh\nsleep 60\n")
        slow.chmod(0o755)
        with pytest.raises(ConversionError, match="took too long"):
            await take_fingerprint.fn(tmp_path / "no.wav", 1.0, str(slow), patience=0.3)
