"""How the user is asked, and where the answers are kept."""

from __future__ import annotations

import getpass
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.settings import users_file
from flows.setup.env_file import write_env_file

_HERE = Path(".env")


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
        """True if the user agrees, or has agreed to all beforehand; Enter is `unless_said`."""
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
