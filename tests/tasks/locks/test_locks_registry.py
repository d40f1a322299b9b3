"""The record of held tokens, with real processes that are really killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasks.locks import machine
from tasks.locks.registry import TokenFile, find_dead, own_locks

HOST = "fe80::1"


def token(number: int, host: str = HOST) -> str:
    return f"{number}:{host}:a1b2c3d4:2026-01-16T10:30:00+00:00"


HOLDER = """
import sys, time
from pathlib import Path
from tasks.locks.registry import TokenFile
with TokenFile(Path(sys.argv[1]), host=sys.argv[2], pid=1) as tokens:
    for token in sys.argv[3:]:
        tokens.record(token)
    tokens.strike(sys.argv[3])
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that won two tokens and struck the first."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path), HOST, token(1), token(2)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_living_are_not_taken_for_dead(holder, tmp_path):
    assert find_dead(tmp_path, host=HOST).tokens == frozenset()


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_process_is_known_dead_with_what_it_held(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert find_dead(tmp_path, host=HOST).tokens == {token(2)}


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_process_is_known_dead_also_under_another_name_of_the_computer(holder, tmp_path):
    """macOS takes the name from the network: the processes of a moment ago had another."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert find_dead(tmp_path, host="renamed").tokens == {token(2)}


def test_a_state_folder_copied_to_another_machine_proves_nobody_dead(tmp_path, monkeypatch):
    _left_behind(tmp_path, f"+ {token(1)}\n")
    monkeypatch.setattr(machine, "_ask_system", lambda: "another machine")
    assert find_dead(tmp_path, host=HOST).tokens == frozenset()


def test_a_token_stays_live_while_what_was_asked_for_in_its_name_may_come(tmp_path):
    with TokenFile(tmp_path, host=HOST, pid=1) as tokens:
        tokens.record(token(1))
        tokens.record(token(1), busy=60.0)
        tokens.record(token(2), busy=60.0)
        tokens.record(token(2))
        tokens.record(token(3), busy=0.4)
    time.sleep(0.6)
    dead = find_dead(tmp_path, host=HOST)
    assert dead.tokens == {token(2), token(3)}
    assert set(dead.busy) == {token(1)}


def test_the_living_are_known_with_what_they_hold(holder, tmp_path):
    own = own_locks(tmp_path, host=HOST)
    assert own.living == {token(2)}
    assert own.names == {HOST}
    assert not own.dead


@pytest.mark.skipif(os.name == "nt", reason="no SIGSTOP")
def test_a_stopped_process_is_not_dead(holder, tmp_path):
    holder.send_signal(signal.SIGSTOP)
    assert find_dead(tmp_path, host=HOST).tokens == frozenset()


def _left_behind(folder: Path, text: str) -> Path:
    with TokenFile(folder, host=HOST, pid=1) as tokens:
        tokens.record(token(1))
    tokens.path.write_text(text)
    return tokens.path


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_record_cut_off_at_any_byte_is_read_to_its_last_whole_line(tmp_path, cut):
    whole = f"+ {token(1)}\n+ {token(2)}\n- {token(1)}\n"
    path = _left_behind(tmp_path, whole[:-cut])
    held = find_dead(tmp_path, host=HOST).files[path]
    expected = {token(1), token(2)} if whole[:-cut].count("\n") >= 2 else {token(1)}
    assert set(held) == expected


def test_a_process_that_held_nothing_at_its_end_leaves_no_file(tmp_path):
    with TokenFile(tmp_path, host=HOST, pid=1) as tokens:
        tokens.record(token(1))
        tokens.strike(token(1))
    assert list(tmp_path.glob("*.tokens")) == []


def test_files_of_the_dead_are_forgotten_once_their_rows_are_cleaned(tmp_path):
    first = _left_behind(tmp_path, f"+ {token(1)}\n")
    second = _left_behind(tmp_path, f"+ {token(2)}\n")
    fresh = _left_behind(tmp_path, f"+ {token(3)}\n")
    an_hour_ago = time.time() - 3600
    os.utime(first, (an_hour_ago, an_hour_ago))
    os.utime(second, (an_hour_ago, an_hour_ago))
    find_dead(tmp_path, host=HOST).forget(still_locked={token(2)})
    assert set(tmp_path.glob("*.tokens")) == {second, fresh}


def test_lines_of_other_hosts_or_of_no_lock_are_not_believed(tmp_path):
    _left_behind(tmp_path, f"+ {token(1, 'elsewhere')}\n+ nonsense\n\n+\n+ {token(4)}\n")
    assert find_dead(tmp_path, host=HOST).tokens == {token(4)}


def test_a_folder_that_is_not_there_holds_no_dead(tmp_path):
    assert find_dead(tmp_path / "none", host=HOST).tokens == frozenset()


def test_a_full_disk_drops_the_record_instead_of_the_work(tmp_path):
    """What cannot be struck out must not be taken for dead later."""
    resource = pytest.importorskip("resource")
    with TokenFile(tmp_path, host=HOST, pid=1) as tokens:
        tokens.record(token(1))
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (tokens.path.stat().st_size, limit[1]))
        try:
            tokens.strike(token(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert tokens.path.read_bytes() == b""
