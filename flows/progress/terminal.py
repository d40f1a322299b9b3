"""The terminal: log lines, and on a real terminal one live line of progress below them."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from typing import TextIO

from tasks.shown_text import shown

__all__ = ["ProgressLine", "TerminalHandler", "attach_terminal"]

_RULE_WIDTH = 80
_COLOURS = {logging.WARNING: "\033[33m", logging.ERROR: "\033[31m"}
_RESET = "\033[0m"


class ProgressLine:
    """The state of a run in one line, redrawn in place; silent where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._text = ""

    def show(self, text: str) -> None:
        """Replace the live line by `text`."""
        self._text = text
        self._draw()

    def clear(self) -> None:
        """Take the live line away, for good or until the next `show`."""
        self._erase()
        self._text = ""

    def write_above(self, line: str) -> None:
        """Print `line` and keep the live line below it."""
        self._erase()
        self._stream.write(line + "\n")
        self._draw()
        self._stream.flush()

    def _erase(self) -> None:
        if self._live and self._text:
            self._stream.write("\r\033[2K")

    def _draw(self) -> None:
        if self._live and self._text:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r\033[2K" + shown(self._text)[:width])
            self._stream.flush()


class TerminalHandler(logging.Handler):
    """Log records as plain sentences; colours only on terminals and without NO_COLOR."""

    def __init__(self, line: ProgressLine, *, coloured: bool, timed: bool) -> None:
        super().__init__()
        self._line = line
        self._coloured = coloured
        self._timed = timed

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        try:
            self._line.write_above(self._text(record))
        except (OSError, ValueError):
            self.handleError(record)

    def _text(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        if self._timed:
            clock = time.strftime("%H:%M:%S", time.localtime(record.created))
            text = f"{clock} {record.levelname.lower():<7} {record.name}: {text}"
        elif record.levelno >= logging.WARNING:
            text = f"{record.levelname.capitalize()}: {text}"
        colour = _COLOURS.get(record.levelno) if self._coloured else None
        return f"{colour}{text}{_RESET}" if colour else text


def attach_terminal(*, debug: bool, quiet: bool = False) -> ProgressLine:
    """Send the project's log records to standard error; the live line belongs to it."""
    line = ProgressLine(sys.stderr)
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    handler = TerminalHandler(line, coloured=coloured, timed=debug)
    handler.setLevel(logging.WARNING if quiet else logging.NOTSET)
    for name in ("flows", "tasks", "sandbox"):
        logger = logging.getLogger(name)
        for earlier in [h for h in logger.handlers if isinstance(h, TerminalHandler)]:
            logger.removeHandler(earlier)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        logger.propagate = False
    return line
