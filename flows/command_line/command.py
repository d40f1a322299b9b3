"""What a command is: what runs, its examples, where `--help` lists it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from flows.command_line.columns import two_columns
from flows.progress.terminal import Display, attach_terminal


class Group(StrEnum):
    """The headings of `--help`, in their order."""

    SYNC = "Bring tracks in"
    LOOK = "Look"
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
