"""Files get their place atomically, and nothing is ever overwritten."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tasks.audio import placing
from tasks.audio.placing import make_folder, place_file
from tasks.disk.volumes import free_bytes
from tasks.errors import FileError


def holds(path: Path, content: bytes) -> bool:
    """Stands in for equal PCM: equal bytes."""
    return path.read_bytes() == content


def place(folder: Path, content: bytes, stem: str = "A - B", track_id: str = "1") -> Path:
    """Place a file of this content from a staging folder of its own."""
    staging = (
        folder.parent / f"staging-{os.getpid()}-{track_id}-{len(content)}-{os.urandom(4).hex()}"
    )
    staging.mkdir()
    source = staging / "source.wav"
    source.write_bytes(content)
    same = partial(holds, content=content)
    return place_file(source, folder, stem, ".wav", tie_breaker=track_id, same=same, may_link=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refuse_links(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the system answer every hard link as such a disk does."""

    def link(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(placing.os, "link", link)


@pytest.mark.parametrize("refused", [None, errno.EXDEV, errno.EPERM])
def test_collisions_get_the_id_then_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int | None
) -> None:
    """With links and without: other tracks of the name stay, the same track is found again."""
    if refused:
        refuse_links(refused, monkeypatch)
    folder = tmp_path / "House"
    first = place(folder, b"first", track_id="1")
    assert first == folder / "A - B.wav"
    assert place(folder, b"first", track_id="1") == first
    assert place(folder, b"second", track_id="2").name == "A - B [2].wav"
    assert place(folder, b"second", track_id="2").name == "A - B [2].wav"
    assert place(folder, b"third", track_id="2").name == "A - B [2] (2).wav"
    assert names(folder) == ["A - B [2] (2).wav", "A - B [2].wav", "A - B.wav"]
    assert first.read_bytes() == b"first"


def test_a_link_costs_no_space(tmp_path: Path) -> None:
    """On one disk the placed file is the staged file, and the staged name may go."""
    source = tmp_path / "s.wav"
    source.write_bytes(b"x")
    placed = place_file(
        source, tmp_path / "f", "n", ".wav", tie_breaker="1", same=lambda _: True, may_link=True
    )
    assert placed.samefile(source)
    source.unlink()
    assert placed.read_bytes() == b"x"


def test_names_that_differ_in_case_or_accents_collide(tmp_path: Path) -> None:
    """What macOS takes for one name is one name everywhere, so that a library can be moved."""
    place(tmp_path / "f", b"one", "Caf\u00e9")
    assert place(tmp_path / "f", b"two", "CAFE\u0301", "7").name == "CAFE\u0301 [7].wav"
    assert place(tmp_path / "f", b"one", "CAF\u00c9").name == "Caf\u00e9.wav"


def test_the_named_copy_is_found_though_the_plain_name_is_free(tmp_path: Path) -> None:
    """A track placed under its id stays there when the other track of the name went away."""
    folder = tmp_path / "f"
    place(folder, b"one", track_id="1").rename(tmp_path / "elsewhere.wav")
    (folder / "A - B [2].wav").write_bytes(b"two")
    assert place(folder, b"two", track_id="2").name == "A - B [2].wav"
    assert names(folder) == ["A - B [2].wav"]


def place_in_process(arguments: tuple[Path, bytes, str]) -> Path:
    folder, content, track_id = arguments
    return place(folder, content, track_id=track_id)


@pytest.mark.parametrize("refused", [None, errno.EXDEV])
def test_threads_never_overwrite_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int | None
) -> None:
    """Forty placings of eight tracks with one name make eight whole files."""
    if refused:
        real = os.link
        monkeypatch.setattr(
            placing.os,
            "link",
            lambda source, target: (
                real(source, target) if ".part" in str(source) else refuse(refused)
            ),
        )
    folder = tmp_path / "f"
    work = [(folder, f"track {n % 8}".encode(), str(n % 8)) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(place_in_process, work))
    check_whole(folder, work, placed)


def refuse(number: int) -> None:
    raise OSError(number, os.strerror(number))


def test_processes_never_overwrite_each_other(tmp_path: Path) -> None:
    """The same between processes."""
    folder = tmp_path / "f"
    work = [(folder, f"track {n % 6}".encode(), str(n % 6)) for n in range(24)]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        placed = list(pool.map(_place_forked, work))
    check_whole(folder, work, placed)


def _place_forked(arguments: tuple[Path, bytes, str]) -> Path:
    return place_in_process(arguments)


def check_whole(folder: Path, work: list[tuple[Path, bytes, str]], placed: list[Path]) -> None:
    """Every placing ended at its own content, once for each track, and no partial file stays."""
    for (_, content, _), path in zip(work, placed, strict=True):
        assert path.read_bytes() == content
    assert sorted(path.read_bytes() for path in folder.iterdir()) == sorted(
        {content for _, content, _ in work}
    )


def test_a_disk_without_links_still_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exFAT: the name is taken by an empty file first; one that appears meanwhile stays."""
    refuse_links(errno.EPERM, monkeypatch)
    folder = tmp_path / "f"
    real = shutil.copyfile

    def copy_slowly(source: Path, target: Path) -> None:
        real(source, target)
        (folder / "A - B.wav").write_bytes(b"somebody else")

    monkeypatch.setattr(placing.shutil, "copyfile", copy_slowly)
    assert place(folder, b"ours", track_id="5").name == "A - B [5].wav"
    assert (folder / "A - B.wav").read_bytes() == b"somebody else"


def test_a_copy_is_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that came out different is refused and does not stay."""
    refuse_links(errno.EXDEV, monkeypatch)
    monkeypatch.setattr(placing.shutil, "copyfile", lambda _, target: target.write_bytes(b"?"))
    with pytest.raises(FileError, match="came out different"):
        place(tmp_path / "f", b"ours")
    assert names(tmp_path / "f") == []


def test_a_full_disk_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC in the middle of a copy."""
    refuse_links(errno.EXDEV, monkeypatch)

    def run_full(_: Path, target: Path) -> None:
        target.write_bytes(b"ou")
        refuse(errno.ENOSPC)

    monkeypatch.setattr(placing.shutil, "copyfile", run_full)
    with pytest.raises(FileError, match="disk is full") as caught:
        place(tmp_path / "f", b"ours")
    assert "space" in caught.value.remedy
    assert names(tmp_path / "f") == []


def test_an_unmounted_disk_is_not_created() -> None:
    """/Volumes/X that is not there must not become a folder on the system's disk."""
    folder = Path("/Volumes/library-sync-test-no-such-disk/Music")
    for use in (make_folder, free_bytes):
        with pytest.raises(FileError, match="not mounted"):
            use(folder)
    assert not folder.parent.exists()


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    """The message names the folder."""
    (tmp_path / "f").write_text("")
    with pytest.raises(FileError, match="f could not be written"):
        place(tmp_path / "f", b"x")


def test_free_space_of_a_folder_to_be(tmp_path: Path) -> None:
    """Bytes of the disk that will hold it."""
    assert free_bytes(tmp_path / "not" / "yet") > 0
