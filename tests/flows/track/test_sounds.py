"""Two uploads of one recording become one item, by their sound; another edit stays another."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.samples import encode
from flows.library_sync import library_sync
from sandbox.audio_files import _music
from sandbox.builders import build_plain
from tasks.tracks import TrackStatus

RATE = 44_100
pytestmark = [
    pytest.mark.extra,
    pytest.mark.skipif(
        shutil.which("fpcalc") is None, reason="fpcalc (libchromaprint-tools) is not installed"
    ),
]


def upload(sandbox, name: str, codec: str, seconds: float, title: str) -> str:
    """One song of 40 s in any encoding and length behind a plain address; its row's page id."""
    sound = _music(40.0, RATE, 3).astype(np.float32) / 32768
    folder = Path(sandbox.environment["OUT_DIR"]).parent / "audio"
    folder.mkdir(exist_ok=True)
    part = np.ascontiguousarray(sound[:, : int(RATE * seconds)])
    encode(folder / name, part, codec=codec)
    address = f"{sandbox.address}/audio/{name}"
    row = {"Title": title, "Artist Name": "Nova", "SoundCloud URL": address}
    return sandbox.world.add_row(row).page_id


@pytest.fixture
def sandbox(sandbox_factory):
    return sandbox_factory(build=lambda world: build_plain(world, 0))


def imports(sandbox) -> int:
    return len(sandbox.ledger.entries(service="eagle", kind="item.add"))


async def test_another_upload_is_adopted(run_flow, sandbox):
    """The MP3 came first; the AAC of the same song gets its items, and says why."""
    first = upload(sandbox, "first-light.mp3", "libmp3lame", 40.0, "Glass")
    await run_flow(library_sync, sandbox)
    assert imports(sandbox) == 2
    second = upload(sandbox, "low-tide.m4a", "aac", 39.5, "Glass [Free DL]")
    summary = await run_flow(library_sync, sandbox)
    assert imports(sandbox) == 2
    (result,) = summary.results
    assert result.status is TrackStatus.PROCESSED
    assert "by its sound: Nova - Glass" in result.action
    one, other = (sandbox.world.values_of(page) for page in (first, second))
    for name in ("Eagle File ID", "WAV Fingerprint", "WAV File Path", "AIFF File Path"):
        assert one[name] == other[name] != ""
    assert summary.warnings == ()


async def test_another_edit_and_another_version_are_kept_apart(run_flow, sandbox):
    """Ten seconds less, or another version by its title: imported, with a note."""
    upload(sandbox, "first-light.mp3", "libmp3lame", 40.0, "Glass")
    await run_flow(library_sync, sandbox)
    upload(sandbox, "low-tide.m4a", "aac", 30.0, "Glass short")
    upload(sandbox, "winter-field.flac", "flac", 40.0, "Glass (Clean)")
    summary = await run_flow(library_sync, sandbox)
    assert imports(sandbox) == 6
    said = {result.title: result.action for result in summary.results}
    assert "the same music as Nova - Glass" in said["Glass short"]
    assert "30 s long instead of 40 s" in said["Glass short"]
    assert "another version" in said["Glass (Clean)"]
    assert any("same music" in warning for warning in summary.warnings)
