"""Which machine this is, whatever it is called: macOS takes its computer's name from the network.

The state folder keeps an id of the machine, made once, and the names it has had since. The file is
named after the operating system's own id, so that a state folder that was copied to another machine
gets another id there: that machine cannot tell whether the first one's processes are alive.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

from tasks.disk.private import close_to_others, private_folder


@dataclass(frozen=True)
class Machine:
    """`id` stays; `names` are all hosts' names under which it has written locks."""

    id: str
    names: frozenset[str]


def this_machine(folder: Path, name: str) -> Machine:
    """This machine, called `name` now. Raises OSError if the folder cannot be written."""
    digest = blake2b(_id_of_system().encode(), digest_size=4).hexdigest()
    path = folder / f"machine-{digest}.txt"
    if not _lines(path):
        _append(path, uuid4().hex[:12])
    if name not in _lines(path)[1:]:
        _append(path, name)
    first, *names = _lines(path)
    return Machine(first, frozenset(names))


def _lines(path: Path) -> list[str]:
    """The whole lines. Of processes that start at once the first one's id counts for all."""
    try:
        return path.read_bytes().decode("utf-8", "replace").split("\n")[:-1]
    except FileNotFoundError:
        return []


def _append(path: Path, line: str) -> None:
    private_folder(path.parent)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{line}\n")
    close_to_others(path)


def _id_of_system() -> str:
    """What the operating system calls this machine; "" where it has no name for it."""
    with contextlib.suppress(OSError, AttributeError):
        return _ask_system()
    return ""


if sys.platform == "win32":
    import winreg

    def _ask_system() -> str:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
elif sys.platform == "darwin":

    def _ask_system() -> str:
        found = ctypes.create_string_buffer(16)
        a_second = (ctypes.c_long * 2)(1, 0)  # struct timespec
        ctypes.CDLL(None).gethostuuid(found, a_second)
        return found.raw.hex()
else:

    def _ask_system() -> str:
        return Path("/etc/machine-id").read_text("ascii").strip()
