"""How the user is asked, and how answers are kept in the `.env` file: every other line stays, and
it is readable by its owner alone.
"""

from __future__ import annotations

import getpass
import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.settings import users_file
from tasks.errors import ConfigurationError

_HERE = Path(".env")
_PLAIN = re.compile(r"[\w./:@%+,=~-]*", re.ASCII)


@dataclass(frozen=True)
class Dialogue:
    """How the user is asked. `is_open` is False where nobody can answer; `yes` agrees to all."""

    is_open: bool
    yes: bool
    ask: Callable[[str], str] = input
    ask_secret: Callable[[str], str] = getpass.getpass
    say: Callable[[str], object] = print

    def answer(self, question: str) -> str:
        """What the user says, without spaces around it. Raises EOFError, KeyboardInterrupt."""
        with _ending_at_ctrl_c():
            return self.ask(question).strip()

    def secret(self, question: str) -> str:
        """The same, not shown while it is typed."""
        with _ending_at_ctrl_c():
            return self.ask_secret(question).strip()

    def agrees(self, question: str, *, unless_said: bool = True) -> bool:
        """True if the user agrees, or has agreed to everything; Enter means `unless_said`."""
        if self.yes:
            return True
        if not self.is_open:
            return False
        said = self.answer(f"{question} [{'Y/n' if unless_said else 'y/N'}] ").lower()
        return said in {"y", "yes"} or (unless_said and not said)

    @property
    def file(self) -> Path:
        """Where answers are kept: the `.env` here if there is one, else the user's own, which is
        read from any folder. Without a person to ask it is the one here.
        """
        is_here = self.yes or not self.is_open or _HERE.is_file()
        return _HERE.absolute() if is_here else users_file()

    def keep(self, name: str, value: str) -> None:
        """Write a setting. Raises ConfigurationError."""
        write_env_file(self.file, {name: value})
        self.say(f"   {name} is in {self.file} now.")


@contextmanager
def _ending_at_ctrl_c() -> Iterator[None]:
    """Ctrl-C ends a question at once; asyncio would cancel a task that waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def with_values(text: str, values: Mapping[str, str]) -> str:
    """`text` with each of `values` set: in its own line where it has one, else at the end."""
    lines = text.splitlines()
    for name, value in values.items():
        line = f"{name}={_quoted(value)}"
        own = re.compile(rf"\s*(?:export\s+)?{re.escape(name)}\s*(?:=|$)")
        places = [number for number, old in enumerate(lines) if own.match(old)]
        if places:
            lines[places[-1]] = line  # the last one counts
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def write_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Set `values` in the file with mode 0600; a crash leaves the old one or the new one.

    Raises ConfigurationError if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text("utf-8", errors="surrogateescape") if path.exists() else ""
        with tempfile.NamedTemporaryFile(
            "w",
            dir=path.absolute().parent,
            prefix=".env-",
            delete=False,
            encoding="utf-8",
            errors="surrogateescape",
        ) as fresh:
            fresh.write(with_values(old, values))  # mkstemp made it with mode 0600
        Path(fresh.name).replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({os.strerror(error.errno or 0)}).",
            remedy="Run setup in a folder that can be written, and sync from there.",
        ) from error


def _quoted(value: str) -> str:
    """As python-dotenv reads it back, unchanged."""
    if _PLAIN.fullmatch(value):
        return value
    inner = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inner}'"
