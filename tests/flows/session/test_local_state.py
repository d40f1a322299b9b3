"""What this machine keeps between runs may be damaged, the disk full or read-only; runs go on."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prefect.logging.handlers import APILogHandler

from flows.doctor.machine import examine_state
from flows.library_sync import library_sync
from sandbox.builders import short_tracks
from sandbox.soundcloud.conditions import Condition
from sandbox.world import World
from tasks.disk.whole_files import files_set_aside
from tasks.errors import ConfigurationError

BAD = (
    b"x\xff\n"
    + b"[" * 50_000
    + b'\n{"at": 1e999, "on": "9999-12-31", "page_id": "p", "error": "SC_404"}\n'
)
DAMAGED = ("*.jsonl", "*.json", "*.txt", "*.tokens")


def _state_of(sandbox) -> Path:
    return Path(sandbox.environment["LIBRARY_SYNC_STATE"])


def _two_rows(world: World) -> None:
    short_tracks(2)(world)
    world.add_track("Gone", "Nobody", condition=Condition.REMOVED)


async def test_the_next_run_goes_on_over_bad_bytes_in_every_state_file(run_flow, sandbox_factory):
    sandbox = sandbox_factory(build=_two_rows)
    first = await run_flow(library_sync, sandbox)
    assert (first.counts["processed"], first.counts["failed"]) == (2, 1)
    state = _state_of(sandbox)
    files = [file for glob in DAMAGED for file in state.rglob(glob) if file.is_file()]
    assert {"attempts.jsonl", "notion-sources.json"} <= {file.name for file in files}
    for file in files:
        file.write_bytes(BAD)

    row = await asyncio.to_thread(sandbox.world.add_track, "One More", "Somebody", seconds=5.0)
    second = await run_flow(library_sync, sandbox)
    assert second.error == ""
    assert sandbox.world.values_of(row.page_id)["DL"]
    named = {finding.said for finding in examine_state(state)}
    assert files_set_aside(state)
    assert all(any(str(file) in said for said in named) for file in files_set_aside(state))


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
async def test_what_a_run_leaves_is_its_users_alone(run_flow, sandbox_factory):
    os.umask(0o022)
    sandbox = sandbox_factory(build=_two_rows)
    await run_flow(library_sync, sandbox)
    for path in [_state_of(sandbox), *_state_of(sandbox).rglob("*")]:
        if "yt-dlp" not in path.parts:  # its cache lies within a folder that is closed
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_no_database_holds_hooks_or_what_opens_a_private_track(
    run_flow, sandbox_factory, prefect_server
):
    def build(world: World) -> None:
        short_tracks(1)(world)
        world.add_track("Private", "Somebody", seconds=5.0, condition=Condition.PRIVATE)
        world.add_track("Gone", "Somebody", condition=Condition.REMOVED)

    sandbox = sandbox_factory(build=build)
    private = next(row.url for row in sandbox.world.rows if "/s-" in row.url)
    secret = private.rpartition("/s-")[2]
    hook = "echo a-hook-of-mine >/dev/null"
    hooks = {"hook_after_track": hook, "hook_after_run": hook}
    await run_flow(library_sync, sandbox, settings=hooks, debug=True)
    await APILogHandler.aflush()
    held = b"".join(file.read_bytes() for file in prefect_server.home.rglob("*.db*"))
    assert b"Private" in held
    for text in (secret, "a-hook-of-mine"):
        assert text.encode() not in held


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 2 MB; root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("it takes root to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def _fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filled").open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


async def test_a_disk_full_under_the_state_stops_before_an_import(
    run_flow, sandbox_factory, small_disk
):
    """The note of an import must be on the disk; so the run waits for room, then ends."""
    sandbox = sandbox_factory(build=short_tracks(2))

    async def fill_once_begun() -> None:
        while not sandbox.ledger.entries(event="commit", service="notion"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.to_thread(_fill, small_disk)

    settings = {"state_dir": small_disk / "state"}
    summary, _ = await asyncio.gather(
        run_flow(library_sync, sandbox, settings=settings, pause_seconds=3.0), fill_once_begun()
    )
    assert "The disk" in summary.error
    assert sandbox.ledger.entries(kind="item.add") == []
    rows = sandbox.world.values_of_all()
    assert not [row for row in rows if "Failed" in str(row["Audio Processing Status"])]
    assert not [row for row in rows if row["Processing Lock"]]


def _become(disk: Path, mode: str) -> bool:
    mount = ["mount", "-o", f"remount,{mode}", str(disk)]
    return not subprocess.run(mount, check=False, capture_output=True).returncode


TROUBLES = {
    "full": (_fill, lambda disk: (disk / "filled").unlink()),
    "read-only": (lambda disk: _become(disk, "ro"), lambda disk: _become(disk, "rw")),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_the_disk_of_the_downloads_is_waited_for(
    run_flow, sandbox_factory, small_disk, caplog, trouble
):
    """Before a track has its folder, and before its first byte: no row is marked for it."""
    begin, end = TROUBLES[trouble]
    sandbox = sandbox_factory(build=short_tracks(2))
    assert _become(small_disk, "size=80m")

    async def in_trouble() -> None:
        while "Processing: " not in caplog.text:  # noqa: ASYNC110  (what is told is a log)
            await asyncio.sleep(0.02)
        await asyncio.to_thread(begin, small_disk)
        async with asyncio.timeout(60):
            while "The disk has no room, or is gone; waiting" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.to_thread(end, small_disk)

    settings = {"out_dir": small_disk / "out"}
    with caplog.at_level(logging.INFO):
        summary, _ = await asyncio.gather(
            run_flow(library_sync, sandbox, settings=settings), in_trouble()
        )
    assert summary.counts["processed"] == 2
    assert "The disk is there again" in caplog.text


async def test_a_disk_full_at_the_start_is_said(run_flow, sandbox_factory, small_disk):
    sandbox = sandbox_factory(build=short_tracks(1))
    _fill(small_disk)
    with pytest.raises(ConfigurationError, match=r"LIBRARY_SYNC_STATE.*No space left"):
        await run_flow(library_sync, sandbox, settings={"state_dir": small_disk / "state"})


async def test_a_state_folder_that_is_read_only_is_said_at_the_start(
    run_flow, sandbox_factory, small_disk
):
    sandbox = sandbox_factory(build=short_tracks(1))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(ConfigurationError, match="LIBRARY_SYNC_STATE"):
        await run_flow(library_sync, sandbox, settings={"state_dir": small_disk / "state"})
