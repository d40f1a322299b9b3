"""Machines for tests: processes with a network, a host name and a state folder of their own.

Root gets real network namespaces, joined to the host by a veth pair; a forwarder on both sides
keeps every address at 127.0.0.1, so that a machine needs no other configuration than any other.
Without root a machine is plain processes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.servers import process

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HAS_NAMESPACES = os.getuid() == 0 and bool(shutil.which("ip")) and bool(shutil.which("unshare"))


class Machine:
    """One machine: `run` starts a process on it, `pull_the_plug` kills all it runs at once."""

    def __init__(self, name: str, folder: Path, namespace: str | None) -> None:
        self.name = name
        self.folder = folder
        self._namespace = namespace
        self._stack = contextlib.ExitStack()
        self._started: list[subprocess.Popen[bytes]] = []

    def command(self, words: Sequence[str]) -> list[str]:
        """`words` as a command line that runs on this machine."""
        if self._namespace is None:
            return list(words)
        named = f'hostname {self.name}; exec "$@"'
        enter = ["ip", "netns", "exec", self._namespace, "unshare", "--uts", "sh", "-c", named]
        return [*enter, "sh", *words]

    def run(self, words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a process here; its output goes to a file named after the machine."""
        log = self.folder / f"{self.name}.log"
        started = self._stack.enter_context(
            process(self.command(words), log, environment=environment, cwd=self.folder)
        )
        self._started.append(started)
        return started

    def pull_the_plug(self) -> None:
        """SIGKILL for everything the machine runs; nothing gets to say goodbye."""
        for pid in {pid for first in self._started for pid in descendants(first.pid)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._stack.close()
        self._started.clear()

    def close(self) -> None:
        """End what runs here."""
        self._stack.close()


def descendants(pid: int) -> list[int]:
    """The process and all below it, deepest last."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = status.read_text()
            parents[int(status.parent.name)] = int(text.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


@contextlib.contextmanager
def machine(name: str, folder: Path, number: int, ports: Sequence[int]) -> Iterator[Machine]:
    """A machine that reaches the host's `ports` at its own 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        namespace = None
        if HAS_NAMESPACES:
            namespace = stack.enter_context(_namespace(folder, number, ports))
        made = Machine(name, folder, namespace)
        stack.callback(made.close)
        yield made


@contextlib.contextmanager
def _namespace(folder: Path, number: int, ports: Sequence[int]) -> Iterator[str]:
    name, outer, inner = f"lsync{number}-{os.getpid()}", f"lso{number}", f"lsi{number}"
    near, far = f"10.213.{number}.1", f"10.213.{number}.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
        _ip("addr", "add", f"{near}/30", "dev", outer)
        _ip("link", "set", outer, "up")
        for words in (
            ("addr", "add", f"{far}/30", "dev", inner),
            ("link", "set", inner, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", name, *words)
        with _forwarders(folder, name, near, ports):
            yield name
    finally:
        _ip("netns", "del", name)


@contextlib.contextmanager
def _forwarders(folder: Path, namespace: str, near: str, ports: Sequence[int]) -> Iterator[None]:
    listed = [str(port) for port in ports]
    forward = [sys.executable, str(HERE / "forward.py")]
    outside = [*forward, near, "127.0.0.1", *listed]
    inside = ["ip", "netns", "exec", namespace, *forward, "127.0.0.1", near, *listed]
    with process(outside, folder / "out.log"), process(inside, folder / "in.log"):
        time.sleep(0.5)
        yield


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
