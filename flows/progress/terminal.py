"""The terminal: log lines, and on a real terminal the run's picture below them."""

from __future__ import annotations

import logging
import sys
import textwrap
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from tasks.shown_text import shown

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

LOGGERS = ("flows", "tasks", "sandbox")
"""The loggers whose records the terminal shows."""

_STYLES = {logging.WARNING: "yellow", logging.ERROR: "red"}
_REDRAWN_A_SECOND = 4


class Display:
    """A stream of lines; on a terminal, a picture that moves stays below them.

    rich is imported for a terminal alone: where nobody looks, plain lines are written.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console: Console | None = None
        self._live: Live | None = None
        if stream.isatty():
            from rich.console import Console  # noqa: PLC0415

            self._console = Console(file=stream, highlight=False, emoji=False)

    def show(self, picture: Callable[[int], RenderableType]) -> None:
        """Keep `picture(width)` below the lines, drawn four times a second."""
        if self._console is None:
            return
        from rich.live import Live  # noqa: PLC0415

        console = self._console
        self._live = Live(
            get_renderable=lambda: picture(console.width),
            console=console,
            refresh_per_second=_REDRAWN_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def clear(self) -> None:
        """Take the picture away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def write(self, line: str, style: str = "") -> None:
        """A line above the picture; on a terminal it is wrapped between words."""
        if self._console is None:
            self._stream.write(line + "\n")
            self._stream.flush()
            return
        from rich.text import Text  # noqa: PLC0415

        width = self._console.width
        for part in _parts(line, width):
            self._console.print(Text(part, style=style), soft_wrap=_longest(part) > width)

    def note(self, line: str) -> None:
        """A line for somebody who waits; nothing where nobody looks."""
        if self._console is not None:
            self.write(line, "dim")


def _parts(line: str, width: int) -> list[str]:
    """The line; with a path that no line has room for, that in one piece: it is to be copied."""
    if _longest(line) <= width:
        return [line]
    return [
        part
        for each in line.split("\n")
        for part in textwrap.wrap(each, width, break_long_words=False, break_on_hyphens=False)
    ]


def _longest(line: str) -> int:
    return max(map(len, line.split()), default=0)


class TerminalHandler(logging.Handler):
    """Log records as plain sentences; rich leaves colours out where NO_COLOR asks for it."""

    def __init__(self, display: Display, *, timed: bool) -> None:
        super().__init__()
        self._display = display
        self._timed = timed

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        try:
            self._display.write(self._text(record), _STYLES.get(record.levelno, ""))
        except (OSError, ValueError):
            self.handleError(record)

    def _text(self, record: logging.LogRecord) -> str:
        text = "\n".join(shown(line) for line in record.getMessage().split("\n"))
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        if self._timed:
            clock = time.strftime("%H:%M:%S", time.localtime(record.created))
            return f"{clock} {record.levelname.lower():<7} {record.name}: {text}"
        if record.levelno >= logging.WARNING:
            return f"{record.levelname.capitalize()}: {text}"
        return text


def attach_terminal(*, debug: bool, quiet: bool = False) -> Display:
    """Send the project's log records to standard error; the picture belongs to it."""
    display = Display(sys.stderr)
    handler = TerminalHandler(display, timed=debug)
    handler.setLevel(logging.WARNING if quiet else logging.NOTSET)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for earlier in [h for h in logger.handlers if isinstance(h, TerminalHandler)]:
            logger.removeHandler(earlier)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        logger.propagate = False
    return display
