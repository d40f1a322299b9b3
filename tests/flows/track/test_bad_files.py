"""No file costs more than its own row: bad files among good ones, and one that ends its decoder."""

from __future__ import annotations

import os
import signal
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bench.samples import encode, music
from flows.library_sync import library_sync
from sandbox.builders import build_plain
from tasks.audio.convert import convert
from tasks.audio.recording import Recording
from tasks.soundcloud import fetching
from tasks.tracks import TrackStatus
from tests.tasks.odd_host import OddHost, odd_host

SECONDS = 10.0
DAMAGED, FOREIGN = ["Download_Failed"], ["Conversion_Failed"]
BECOMES = {
    "joined.mp3": DAMAGED,
    "joined.aac": ["Files Imported to Eagle"],
    "flipped.mp3": DAMAGED,
    "widened.mp3": DAMAGED,
    "rates.mp3": DAMAGED,
    "rate.mp3": DAMAGED,
    "unknown.m4a": FOREIGN,
    "random.m4a": FOREIGN,
    "mad.wav": FOREIGN,
    "empty.wav": FOREIGN,
}


def part(folder: Path, name: str, channels: int, codec: str = "libmp3lame", rate: int = 44_100):
    sound = music(SECONDS, channels=channels, rate=rate)
    return encode(folder / name, sound, codec=codec, rate=rate).read_bytes()


def flipped(data: bytes, byte: int, bits: int) -> bytes:
    """One byte of one frame, some seconds in."""
    changed, at = bytearray(data), len(data) // 3
    while not (changed[at] == 0xFF and changed[at + 1] == 0xFB):
        at += 1
    changed[at + byte] |= bits
    return bytes(changed)


def unknown_coding(folder: Path) -> bytes:
    data = encode(folder / "u.m4a", music(SECONDS), codec="aac").read_bytes()
    return data.replace(b"mp4a", b"zzzz").replace(b"esds", b"skip")


def mad_rate() -> bytes:
    body = struct.pack("<HHLLHH", 1, 2, 2**31 - 1, 8, 4, 16)
    data = b"data" + struct.pack("<L", 400_000) + bytes(range(250)) * 1600
    chunks = b"fmt " + struct.pack("<L", 16) + body + data
    return b"RIFF" + struct.pack("<L", 4 + len(chunks)) + b"WAVE" + chunks


def bad_files(folder: Path) -> dict[str, bytes]:
    stereo, mono = part(folder, "s.mp3", 2), part(folder, "m.mp3", 1)
    return {
        "joined.mp3": stereo + mono,
        "joined.aac": part(folder, "s.aac", 2, "aac") + part(folder, "m.aac", 1, "aac"),
        "flipped.mp3": flipped(stereo, 3, 0xC0),
        "widened.mp3": mono + stereo,
        "rates.mp3": stereo + part(folder, "s48.mp3", 2, rate=48_000),
        "rate.mp3": flipped(stereo, 2, 0x04),
        "unknown.m4a": unknown_coding(folder),
        "random.m4a": bytes(np.random.default_rng(1).bytes(90_000)),
        "mad.wav": mad_rate(),
        "empty.wav": b"RIFF\x00\x00\x00\x02WAVE" + b"junk\0\0\0\0" * 1_000_000,
    }


def add_files(sandbox: Any, host: OddHost, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        host.files[f"/{name}"] = data
        address = f"{host.address}/{name}"
        sandbox.world.add_row({"Title": name, "Artist Name": "Bad", "SoundCloud URL": address})


async def test_bad_files_cost_their_rows_alone(run_flow, sandbox_factory, rows_of, tmp_path):
    """Each refused with its class in its status, one made whole; nothing is locked."""
    sandbox = sandbox_factory(build=lambda world: build_plain(world, 2))
    bad = bad_files(tmp_path)
    async with odd_host() as host:
        add_files(sandbox, host, bad)
        hosts = {"allowed_source_hosts": frozenset({f"127.0.0.1:{host.port}"})}
        summary = await run_flow(library_sync, sandbox, settings=hosts, parallel=True, workers=4)
    assert summary.return_code == 0
    assert len(summary.results) == 2 + len(bad)
    rows = rows_of(sandbox)
    assert [row["Processing Lock"] for row in rows] == [""] * len(rows)
    bad_rows = [row for row in rows if row["Artist Name"] == "Bad"]
    assert {row["Title"]: row["Audio Processing Status"] for row in bad_rows} == BECOMES
    (joined,) = [row for row in bad_rows if row["DL"]]
    found = soundfile.info(joined["WAV File Path"])
    assert found.duration == pytest.approx(2 * SECONDS, abs=1.0)
    assert found.channels == 2
    assert all(row["DL"] for row in rows if row not in bad_rows)


def convert_or_die(source: Path, wav: Path, *rest: Any, **options: Any) -> Recording:
    """In the child: what a bug in libav does."""
    if "Dies" in wav.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    return convert(source, wav, *rest, **options)


async def test_a_decoder_that_dies_costs_one_row(run_flow, sandbox_factory, rows_of, monkeypatch):
    """The run goes on in another child and ends well; the row says what to do."""
    monkeypatch.setattr(fetching, "convert", convert_or_die)

    def build(world: Any) -> None:
        build_plain(world, 2)
        world.add_track("Dies", "Nova", seconds=5)

    sandbox = sandbox_factory(build=build)
    summary = await run_flow(library_sync, sandbox, parallel=True, workers=2)
    assert summary.return_code == 0
    (failed,) = [result for result in summary.results if result.status is TrackStatus.FAILED]
    assert (failed.title, failed.error_type) == ("Dies", "Conversion_Failed")
    assert "SIGSEGV" in (failed.error_message or "")
    assert failed.remedy
    for row in rows_of(sandbox):
        assert row["Processing Lock"] == ""
        assert row["DL"] is (row["Title"] != "Dies")
