"""What is swept, and above all what is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tasks.audio.files import partial_path
from tasks.audio.sweeping import sweep_partial_files, sweep_staging


def aged(path: Path, hours: float) -> Path:
    """`path`, last written so many hours ago."""
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def test_old_partial_files_go_and_nothing_else(tmp_path):
    """Young ones may be in work; other names, deeper folders and links' targets are not ours."""
    playlist, deep = tmp_path / "Night", tmp_path / "Night" / "deeper"
    deep.mkdir(parents=True)
    old = [partial_path(folder, ".wav") for folder in (tmp_path, playlist)]
    kept = [
        partial_path(playlist, ".wav"),
        partial_path(deep, ".wav"),
        playlist / "Song.wav",
        playlist / ".library-sync-notes.txt",
        playlist / ".library-sync-0123456789abcdef.wav",
        playlist / "x.library-sync-0123456789abcdef.part.wav",
    ]
    for path in (*old, *kept):
        path.write_bytes(b"x")
        aged(path, 25)
    aged(kept[0], 23)
    (tmp_path / "link").symlink_to(deep, target_is_directory=True)

    assert sweep_partial_files(tmp_path) == 2
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in kept)


def test_staging_folders_of_dead_runs_go_after_a_day(tmp_path):
    """A run at work makes and removes folders in its own, so that one is never old."""
    old, young = tmp_path / "4711-a", tmp_path / "4712-b"
    for folder in (old, young):
        folder.mkdir()
        (folder / "download.m4a").write_bytes(b"x")
    aged(old, 25)
    assert sweep_staging(tmp_path) == 1
    assert not old.exists()
    assert young.is_dir()


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path):
    """Nor is one that another process has just removed."""
    assert sweep_partial_files(tmp_path / "none") == sweep_staging(tmp_path / "none") == 0
