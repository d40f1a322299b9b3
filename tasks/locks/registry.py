"""Which tokens this process holds, on disk, so that a later process can tell the dead ones' apart.

A process keeps one file in the state folder and an OS lock on it for as long as it lives, however
it ends; a PID alone proves nothing. Lines are `+ token`, `- token`, and `~ until token` for what
stays live until then (Unix milliseconds). Each is one write, and only whole lines count, so a
process killed at any moment leaves a file that can be read (docs/lock.md, "Cleaning up"). The
folder must be on a local disk.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote
from uuid import uuid4

from tasks.disk.file_lock import try_lock
from tasks.locks.machine import Machine, this_machine
from tasks.locks.standing import OwnLocks
from tasks.locks.value import parse

log = logging.getLogger(__name__)

_SUFFIX = ".tokens"
_LISTING_LAG_SECONDS = 600.0


class TokenFile:
    """This process's record, a TokenLog. A context manager; raises OSError if it cannot be kept."""

    def __init__(self, folder: Path, *, host: str, pid: int) -> None:
        self._folder, self._host, self._pid = folder, host, pid
        self._held: set[str] = set()
        self._descriptor = -1
        self.path = folder

    def __enter__(self) -> Self:
        self._machine = this_machine(self._folder, self._host)
        while not self._open_new():
            pass
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file, unless tokens are left for a later cleanup."""
        if not self._held and os.name != "nt":
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        if not self._held:
            self.path.unlink(missing_ok=True)

    def record(self, token: str, *, busy: float = 0.0) -> None:
        """Note a token that is known to have landed in time, or whose renewal was answered; for
        `busy` seconds it is not to be taken for a dead one's.
        """
        self._held.add(token)
        self._append(f"~ {(time.time() + busy) * 1000:.0f} {token}\n" if busy else f"+ {token}\n")

    def strike(self, token: str) -> None:
        """Strike it out, before its release is sent."""
        self._held.discard(token)
        self._append(f"- {token}\n")

    def _append(self, line: str) -> None:
        """One write. On a full disk the record is emptied, which needs no room: after a crash the
        locks then wait for their time-out, but none is taken for dead that is not.
        """
        try:
            os.write(self._descriptor, line.encode())
        except OSError as error:
            os.ftruncate(self._descriptor, 0)
            log.warning("The record of held locks %s was dropped: %s", self.path, error)

    def _open_new(self) -> bool:
        """A file of a name never used before. False if a cleanup came between creating it and
        locking it, and took it for a dead process's.
        """
        name = f"{self._machine.id}~{self._pid}~{uuid4().hex}{_SUFFIX}"
        self.path = self._folder / name
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
        self._descriptor = os.open(self.path, flags, 0o600)
        if try_lock(self._descriptor) and self.path.exists():
            return True
        os.close(self._descriptor)
        return False


@dataclass(frozen=True)
class DeadProcesses:
    """What the dead processes of this machine held: the tokens of each of their files, and the
    Unix time until which each may not be taken for dead yet (0 for most).
    """

    files: Mapping[Path, Mapping[str, float]]

    @property
    def tokens(self) -> frozenset[str]:
        """A lock that is, as a whole string, one of these has no living holder."""
        now = time.time()
        held = (item for tokens in self.files.values() for item in tokens.items())
        return frozenset(token for token, until in held if until <= now)

    @property
    def busy(self) -> Mapping[str, float]:
        """The tokens that stay live for now, and until when (Unix seconds)."""
        now = time.time()
        held = (item for tokens in self.files.values() for item in tokens.items())
        return {token: until for token, until in held if until > now}

    def forget(self, still_locked: Collection[str] = ()) -> None:
        """Remove the files, all rows being cleaned, but those with a token `still_locked`.

        Files written in the last ten minutes stay for another cleanup: Notion's listing may lag,
        and not have shown their locks yet.
        """
        before = time.time() - _LISTING_LAG_SECONDS
        for path, tokens in self.files.items():
            if tokens.keys().isdisjoint(still_locked) and _written(path) < before:
                path.unlink(missing_ok=True)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def find_dead(folder: Path, *, host: str) -> DeadProcesses:
    """The provably dead processes of this machine: those whose file can be locked.

    `host` is its name now; what it held under another name counts as well. Raises OSError.
    """
    machine = this_machine(folder, host)
    dead = {
        path: held
        for path in _files(folder, machine)
        if (held := _held_if_dead(path, machine)) is not None
    }
    return DeadProcesses(dead)


def own_locks(folder: Path, *, host: str) -> OwnLocks:
    """What this machine knows of its own locks; nothing where the record cannot be read."""
    try:
        machine = this_machine(folder, host)
        dead = find_dead(folder, host=host)
        living = [path for path in _files(folder, machine) if path not in dead.files]
        held = frozenset(token for path in living for token in _held(path, machine))
    except OSError as error:
        log.debug("The record of held locks in %s cannot be read: %s", folder, error)
        return OwnLocks()
    return OwnLocks(
        names=machine.names, living=held, dead=dead.tokens, importing=frozenset(dead.busy)
    )


def _files(folder: Path, machine: Machine) -> list[Path]:
    """This machine's files; those of earlier versions were named after the host."""
    ours = (machine.id, *(quote(name, safe="") for name in machine.names))
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.name.split("~")[0] in ours)


def _held_if_dead(path: Path, machine: Machine) -> Mapping[str, float] | None:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return _held(path, machine) if try_lock(descriptor) else None
    finally:
        os.close(descriptor)


def _held(path: Path, machine: Machine) -> Mapping[str, float]:
    whole_lines = path.read_bytes().decode(errors="replace").split("\n")[:-1]
    held: dict[str, float] = {}
    for line in whole_lines:
        sign, _, token = line.partition(" ")
        until, _, busy_token = token.partition(" ")
        match sign:
            case "+":
                held[token] = 0.0
            case "~" if until.isdecimal():
                held[busy_token] = int(until) / 1000
            case _:
                held.pop(token, None)
    return {token: until for token, until in held.items() if _is_of(machine, token)}


def _is_of(machine: Machine, token: str) -> bool:
    value = parse(token)
    return value is not None and value.host in machine.names
