"""A file that breaks its decoder costs that file: the child is replaced, the run goes on."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.audio import decoder_pool
from tasks.audio.decoder_pool import DecoderPool
from tasks.errors import ConversionError, IncompleteRecording

SONG = Path("Some Song.mp3")


def pid(_file: Path) -> int:
    return os.getpid()


def crash(_file: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(_file: Path, seconds: float = 60) -> int:
    time.sleep(seconds)
    return os.getpid()


def grow(_file: Path) -> None:
    kept = []
    while True:
        kept.append(b"x" * (32 << 20))


def refuse(_file: Path) -> None:
    raise IncompleteRecording("half of it", remedy="try again", retry_after=3)


def stumble(_file: Path) -> None:
    raise ZeroDivisionError("a bug in a binding")


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1) as running:
        yield running


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


async def gone(process: int) -> bool:
    for _ in range(100):
        if not is_alive(process):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_one_child_serves_many_files(pool):
    """It is not this process, and stays the same."""
    first = await pool.run(pid, SONG)
    assert first != os.getpid()
    assert await pool.run(pid, SONG) == first


async def test_a_crash_costs_its_file_and_the_next_is_decoded(pool):
    """The error names the file and how the child ended."""
    first = await pool.run(pid, SONG)
    with pytest.raises(ConversionError, match=r"Some Song\.mp3.*SIGSEGV") as caught:
        await pool.run(crash, SONG)
    assert caught.value.remedy
    assert await pool.run(pid, SONG) != first


async def test_a_file_that_takes_for_ever_is_given_up(tmp_path):
    """Its child is killed, not waited for; how long it may take hangs on its size."""
    song = tmp_path / "song.mp3"
    song.write_bytes(b"!")
    with DecoderPool(1, patience=lambda size: 0.3 if size else 60) as pool:
        first = await pool.run(pid, SONG)
        with pytest.raises(ConversionError, match=r"song\.mp3 took longer"):
            await pool.run(hang, song)
        assert await gone(first)
        assert await pool.run(pid, SONG) != first


async def test_a_file_that_fills_the_memory_is_given_up():
    """Some 300 MB are allowed here."""
    with DecoderPool(1, most_bytes=300 << 20) as pool:
        with pytest.raises(ConversionError, match="315 MB of memory"):
            await pool.run(grow, SONG)
        assert await pool.run(pid, SONG)


async def test_our_errors_come_back_whole_and_keep_the_child(pool):
    """With their remedy and time."""
    first = await pool.run(pid, SONG)
    with pytest.raises(IncompleteRecording, match="half") as caught:
        await pool.run(refuse, SONG)
    assert (caught.value.remedy, caught.value.retry_after) == ("try again", 3)
    assert await pool.run(pid, SONG) == first


async def test_an_error_without_a_class_gets_one(pool):
    """Named with the file."""
    with pytest.raises(ConversionError, match=r"Some Song\.mp3.*ZeroDivisionError"):
        await pool.run(stumble, SONG)


async def test_when_cancelled_the_child_is_killed(pool):
    """Before the cancellation ends."""
    first = await pool.run(pid, SONG)
    running = asyncio.create_task(pool.run(hang, SONG))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await gone(first)
    assert await pool.run(pid, SONG)


async def test_two_children_work_side_by_side():
    """And a third file waits for one of them."""
    with DecoderPool(2) as pool:
        pids = await asyncio.gather(*(pool.run(hang, SONG, 0.3) for _ in range(3)))
    assert len(set(pids)) == 2


async def test_children_end_with_the_pool():
    """Nothing is left running."""
    with DecoderPool(1) as pool:
        child = await pool.run(pid, SONG)
    assert await gone(child)


async def test_children_end_with_a_parent_that_is_killed(tmp_path):
    """SIGKILL tells nobody: the child looks for itself."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, os\n"
        "from pathlib import Path\n"
        "from tasks.audio.decoder_pool import DecoderPool, _size\n"
        "import tests.tasks.audio.test_audio_decoder_pool as here\n"
        "async def main():\n"
        "    with DecoderPool(1) as pool:\n"
        "        print(await pool.run(here.pid, Path('x')), flush=True)\n"
        "        await pool.run(here.hang, Path('x'))\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert await gone(child)


async def test_a_script_that_does_not_ask_for_its_name_is_not_run_again(tmp_path):
    """Children import nothing of the program that was started."""
    script = tmp_path / "plain.py"
    script.write_text(
        "import asyncio\n"
        "from pathlib import Path\n"
        "from tasks.audio.decoder_pool import DecoderPool\n"
        "import tests.tasks.audio.test_audio_decoder_pool as here\n"
        "async def main():\n"
        "    with DecoderPool(2) as pool:\n"
        "        await asyncio.gather(*(pool.run(here.pid, Path('x')) for _ in range(2)))\n"
        "asyncio.run(main())\n"
        "print('once', __file__ is not None)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    ran = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "once True\n", "")


async def test_children_are_the_same_where_each_is_started_afresh(monkeypatch):
    """As on macOS and Windows."""
    monkeypatch.setattr(decoder_pool, "_context", lambda: multiprocessing.get_context("spawn"))
    with DecoderPool(1) as pool:
        first = await pool.run(pid, SONG)
        with pytest.raises(IncompleteRecording):
            await pool.run(refuse, SONG)
        assert await pool.run(pid, SONG) == first
        with pytest.raises(ConversionError, match="SIGSEGV"):
            await pool.run(crash, SONG)
        assert await pool.run(pid, SONG) != first
