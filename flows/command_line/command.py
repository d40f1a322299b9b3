"""What a command is: what runs, where `--help` lists it, its examples in two columns below."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from flows.progress.terminal import Display, attach_terminal

_WIDEST = 100
_INDENT = 2
_GAP = 2


class Group(StrEnum):
    """The headings of `--help`, in their order."""

    SYNC = "Bring tracks in"
    LOOK = "Look"
    HAND_ON = "Hand on to players"
    MEND = "Mend"
    SET_UP = "Set up"
    TRY = "Try out"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of `library-sync`.

    `run` takes its options by their types, returns the exit code and raises SyncError; the first
    line of its docstring is the summary. `examples` are pairs of a command line without its first
    word, and what that does. Raises TypeError for one that is only half made.
    """

    run: Callable[..., int]
    examples: tuple[tuple[str, str], ...]
    group: Group

    def __post_init__(self) -> None:
        name = self.run.__name__
        if not self.run.__doc__:
            raise TypeError(f"the command {name} has no docstring, which is its help")
        if not self.examples:
            raise TypeError(f"the command {name} has no examples")
        options = inspect.signature(self.run).parameters.values()
        if not any(isinstance(option.default, Verbosity) for option in options):
            raise TypeError(f"the command {name} takes no Verbosity: no --debug, no --quiet")

    @property
    def summary(self) -> str:
        """The first line of the help, without its full stop."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0].rstrip(".")

    @property
    def examples_text(self) -> str:
        """The examples as they stand below the help."""
        rows = [(f"library-sync {words}", meaning) for words, meaning in self.examples]
        return two_columns("Examples:", rows)


@Parameter(name="*", group="Output")
@dataclass(frozen=True, kw_only=True)
class Verbosity:
    """How much a command says; every command takes it."""

    debug: Annotated[bool, Parameter(help="Verbose log, tracebacks.")] = False
    quiet: Annotated[bool, Parameter(help="Only warnings and errors.")] = False

    def attach(self) -> Display:
        """Send the log to the terminal; the live line belongs to it."""
        return attach_terminal(debug=self.debug, quiet=self.quiet)


def two_columns(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """`rows` below `title`; the second column stands below the first where both do not fit."""
    width = min(shutil.get_terminal_size().columns, _WIDEST) - 1
    first = max(len(name) for name, _ in rows) + _GAP
    longest = max(len(meaning) for _, meaning in rows)
    is_wide = _INDENT + first + min(longest, 24) <= width
    return "\n".join([title, *(_row(row, width, first if is_wide else None) for row in rows)])


def _row(row: tuple[str, str], width: int, first: int | None) -> str:
    name, meaning = row
    if first is not None:
        return _fill(f"{name:<{first}}{meaning}", width, _INDENT, _INDENT + first)
    below = _fill(meaning, width, _INDENT + 4, _INDENT + 4)
    return " " * _INDENT + name + (f"\n{below}" if meaning else "")


def _fill(text: str, width: int, indent: int, further: int) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * further,
        break_long_words=False,
        break_on_hyphens=False,
    )
