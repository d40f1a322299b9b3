"""Answers without end or without hurry are given up; nothing is left to another program."""

from __future__ import annotations

import asyncio
import os
import resource
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.samples import encode, music
from tasks.errors import DownloadInterrupted, DrmProtected, NoFormats, SourceError, TooLarge
from tasks.soundcloud import bounds
from tasks.soundcloud.address import parse_address
from tasks.soundcloud.bounds import Bounds, OutOfBounds, media_bounds
from tasks.soundcloud.budget import SourceBudget
from tasks.soundcloud.client import SoundCloudClient
from tests.tasks.odd_host import OddHost, odd_host

ENCRYPTED = '#EXT-X-KEY:METHOD={method},URI="{address}/key"\n'
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n{more}#EXTINF:5,\n{address}/a.mp3\n"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[OddHost]:
    async with odd_host() as running:
        song = encode(tmp_path / "a.mp3", music(5), codec="libmp3lame").read_bytes()
        running.files["/a.mp3"] = song
        yield running


async def download(host: OddHost, path: str, folder: Path) -> Path:
    allowed = frozenset({f"127.0.0.1:{host.port}"})
    client = SoundCloudClient(
        cache_dir=folder / "cache", budget=SourceBudget(), allowed_hosts=allowed, socket_seconds=2
    )
    target = folder / "target"
    target.mkdir(exist_ok=True)
    address = parse_address(host.address + path, allowed_hosts=allowed)
    return (await client.download(address, target)).path


async def refused(host: OddHost, path: str, folder: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await download(host, path, folder)
    assert host.address + path in str(caught.value)
    assert caught.value.remedy
    return caught.value


async def test_a_body_that_never_ends_is_given_up(host, tmp_path, monkeypatch):
    """At the ceiling, here a few MB."""
    monkeypatch.setattr(bounds, "_MOST_BYTES", 3_000_000)
    assert type(await refused(host, "/endless.mp3", tmp_path)) is TooLarge
    assert host.sent < 24_000_000  # with what the two ends of the connection hold back


async def test_a_body_that_says_it_is_too_large_is_not_begun(host, tmp_path, monkeypatch):
    """Its Content-Length is looked at first."""
    monkeypatch.setattr(bounds, "_MOST_BYTES", 3_000_000)
    host.files["/big.mp3"] = bytes(4_000_000)
    assert type(await refused(host, "/big.mp3", tmp_path)) is TooLarge
    assert list((tmp_path / "target").iterdir()) == []


async def test_a_page_that_never_ends_takes_no_memory(host, tmp_path, monkeypatch):
    """It is read up to what a page may have, here 3 MB, and not kept many times over."""
    monkeypatch.setattr(bounds, "_PAGE_BYTES", 3_000_000)
    monkeypatch.setattr(bounds, "_PAGE_SECONDS", 600)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert type(await refused(host, "/endless.html", tmp_path)) is TooLarge
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 40
    assert host.sent < 32_000_000


async def test_a_page_that_comes_byte_by_byte_is_given_up(host, tmp_path, monkeypatch):
    """No time-out of the socket would end it."""
    monkeypatch.setattr(bounds, "_PAGE_SECONDS", 0.5)
    began = time.monotonic()
    assert type(await refused(host, "/slow.html", tmp_path)) is DownloadInterrupted
    assert time.monotonic() - began < 60


async def test_a_cancelled_download_that_drips_ends_at_once(host, tmp_path):
    """The clock, and whoever stopped it, are looked at between the bytes."""
    running = asyncio.create_task(download(host, "/slow.mp3", tmp_path))
    await asyncio.wait_for(host.began.wait(), 60)
    await asyncio.sleep(0.5)
    running.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert time.monotonic() - began < 60


def programs_in_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ffmpeg and rtmpdump that note what they were to fetch; asked for their version, they say."""
    note = folder / "called"
    for name in ("ffmpeg", "ffprobe", "rtmpdump", "avconv"):
        program = folder / name
        program.write_text(
            f'#!/bin/sh\ncase "$*" in *://*) echo {name} >> {note};; esac\n'
            f"echo {name} version 7.0\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return note


@pytest.mark.parametrize(
    ("more", "end", "expected"),
    [
        ("", "", NoFormats),
        (ENCRYPTED.format(method="AES-128", address="{address}"), "#EXT-X-ENDLIST\n", DrmProtected),
        (
            ENCRYPTED.format(method="SAMPLE-AES", address="{address}"),
            "#EXT-X-ENDLIST\n",
            DrmProtected,
        ),
    ],
    ids=["live", "AES-128", "SAMPLE-AES"],
)
async def test_no_other_program_fetches_a_playlist(
    host, tmp_path, monkeypatch, more, end, expected
):
    """What yt-dlp cannot fetch whole is refused, though ffmpeg is there."""
    (tmp_path / "bin").mkdir()
    note = programs_in_path(tmp_path / "bin", monkeypatch)
    text = PLAYLIST.format(more=more.format(address=host.address), address=host.address) + end
    host.files["/list.m3u8"] = text.encode()
    assert type(await refused(host, "/list.m3u8", tmp_path)) is expected
    assert not note.exists()
    assert "/a.mp3" not in host.asked


async def test_a_plain_playlist_is_fetched_by_yt_dlp_alone(host, tmp_path, monkeypatch):
    """The same without the trouble."""
    (tmp_path / "bin").mkdir()
    note = programs_in_path(tmp_path / "bin", monkeypatch)
    text = PLAYLIST.format(more="", address=host.address) + "#EXT-X-ENDLIST\n"
    host.files["/list.m3u8"] = text.encode()
    path = await download(host, "/list.m3u8", tmp_path)
    assert path.read_bytes() == host.files["/a.mp3"]
    assert not note.exists()


async def test_rtmp_in_a_smil_file_is_refused(host, tmp_path, monkeypatch):
    """rtmpdump would ask any host."""
    (tmp_path / "bin").mkdir()
    note = programs_in_path(tmp_path / "bin", monkeypatch)
    host.files["/list.smil"] = (
        b'<?xml version="1.0"?><smil><head><meta base="rtmp://127.0.0.1:1/app/"/></head>'
        b'<body><switch><video src="mp4:song" system-bitrate="128000"/></switch></body></smil>'
    )
    await refused(host, "/list.smil", tmp_path)
    assert not note.exists()


def test_the_bounds_of_a_recording_grow_with_its_length():
    """The largest original of five minutes fits, the one of an hour does not."""
    five_minutes = media_bounds(300)
    five_minutes.expect(str(300 * 192_000 * 8))
    with pytest.raises(OutOfBounds):
        five_minutes.expect(str(3600 * 192_000 * 8))
    media_bounds(3600).expect(str(3600 * 192_000 * 8 // 2))


def test_time_runs_out():
    """By its own clock."""
    now = [0.0]
    bound = Bounds(100, 10.0, lambda: now[0])
    bound.receive(1)
    now[0] = 11.0
    with pytest.raises(OutOfBounds):
        bound.receive(1)
